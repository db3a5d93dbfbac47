import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gateTo, serve } from "../egress/testing.ts";
import { OUTWARD_MESSAGE_BYTES_MAX, OUTWARD_WINDOW_BYTES } from "../linux/net/out/link.ts";
import type { EgressEvent } from "./cell/protocol.ts";
import { EgressRelay } from "./egress-relay.ts";

const NOTHING = new Uint8Array(0);
type Said = readonly [header: Record<string, unknown>, bytes?: number];

/** What a cell that was taken over may say of connections, after what an honest one says. */
describe("what a cell says of its connections is held against what it may say", () => {
  const open = (port: number, id = 1): Said => [{ op: "open", id, host: "server.test", port }];
  const data = (bytes: number, id = 1): Said => [{ op: "data", id }, bytes];
  const cases: readonly [title: string, said: (port: number) => readonly Said[]][] = [
    ["no operation", () => [[{ id: 1 }]]],
    ["an unknown one", () => [[{ op: "listen", id: 1 }]]],
    ["one that every object has", () => [[{ op: "constructor", id: 1 }]]],
    ["a member too many", (port) => [[{ ...open(port)[0], address: "127.0.0.1" }]]],
    ["a member of another operation", (port) => [open(port), [{ op: "end", id: 1, bytes: 1 }]]],
    ["a host that is an address", (port) => [[{ op: "open", id: 1, host: "127.0.0.1", port }]]],
    ["a host that is not in its one form", (port) => [[{ op: "open", id: 1, host: "SERVER.test", port }]]],
    ["a host that is no text", (port) => [[{ op: "open", id: 1, host: ["server.test"], port }]]],
    ["a long host", (port) => [[{ op: "open", id: 1, host: "a".repeat(254), port }]]],
    ["no port", () => [[{ op: "open", id: 1, host: "server.test" }]]],
    ["a port beyond", () => [[{ op: "open", id: 1, host: "server.test", port: 65_536 }]]],
    ["port 0", () => [[{ op: "open", id: 1, host: "server.test", port: 0 }]]],
    ["a port as a text", () => [[{ op: "open", id: 1, host: "server.test", port: "80" }]]],
    ["number 0", () => [[{ op: "open", id: 0, host: "server.test", port: 80 }]]],
    ["a number that is not the next", (port) => [open(port, 2)]],
    ["a number twice", (port) => [open(port), open(port)]],
    ["a negative number", () => [[{ op: "end", id: -1 }]]],
    ["a fraction", () => [[{ op: "end", id: 0.5 }]]],
    ["bytes of no connection", () => [data(1)]],
    ["bytes before it is there", (port) => [open(port), data(1)]],
    ["an end before it is there", (port) => [open(port), [{ op: "end", id: 1 }]]],
    ["bytes beside an opening", (port) => [[open(port)[0], 5]]],
    ["no bytes", (port) => [open(port), WAIT, data(0)]],
    ["more bytes than there is room for", (port) => [open(port), WAIT, ...Array<Said>(5).fill(data(65_536))]],
    ["bytes after the end", (port) => [open(port), WAIT, [{ op: "end", id: 1 }], data(1)]],
    ["two ends", (port) => [open(port), WAIT, [{ op: "end", id: 1 }], [{ op: "end", id: 1 }]]],
    ["bytes after closing", (port) => [open(port), WAIT, [{ op: "close", id: 1 }], data(1)]],
    ["two closings", (port) => [open(port), WAIT, [{ op: "close", id: 1 }], [{ op: "close", id: 1 }]]],
    ["two resets", (port) => [open(port), [{ op: "reset", id: 1 }], [{ op: "reset", id: 1 }]]],
    ["more read than was sent", (port) => [open(port), WAIT, [{ op: "read", id: 1, bytes: 1 }]]],
    ["nothing read", (port) => [open(port), WAIT, [{ op: "read", id: 1, bytes: 0 }]]],
    ["a negative reading", (port) => [open(port), WAIT, [{ op: "read", id: 1, bytes: -1 }]]],
    ["read beyond all bounds", (port) => [open(port), WAIT, [{ op: "read", id: 1, bytes: 2 ** 40 }]]],
  ];
  const WAIT: Said = [{ op: "wait" }];

  for (const [title, said] of cases)
    test(title, async (t) => {
      const { port } = await serve(t, () => {});
      const gate = gateTo(port);
      t.after(() => gate.sever("over"));
      const events: EgressEvent[] = [];
      const relay = new EgressRelay(gate, (event) => events.push(event));
      const steps = said(port);
      for (const [index, [header, bytes = 0]] of steps.entries()) {
        if (header.op === "wait") {
          while (!events.some(({ op }) => op === "opened")) await sleep(1);
          continue;
        }
        const say = (): void =>
          relay.aside.take({ type: "egress", ...header }, bytes === 0 ? NOTHING : Buffer.alloc(bytes));
        if (index === steps.length - 1) assert.throws(say, { code: "cell-misbehaved" });
        else say();
      }
    });

  test("what an honest one says is taken", async (t) => {
    let received = 0;
    const { port } = await serve(t, (socket) => {
      socket.on("data", (bytes) => {
        received += bytes.length;
        if (received === OUTWARD_WINDOW_BYTES) socket.end("thanks");
      });
    });
    const gate = gateTo(port);
    const events: EgressEvent[] = [];
    const relay = new EgressRelay(gate, (event) => events.push(event));
    const say = (header: object, bytes = NOTHING): void => relay.aside.take({ type: "egress", ...header }, bytes);
    say({ op: "open", id: 1, host: "server.test", port });
    while (!events.some(({ op }) => op === "opened")) await sleep(1);
    for (let at = 0; at < OUTWARD_WINDOW_BYTES; at += OUTWARD_MESSAGE_BYTES_MAX)
      say({ op: "data", id: 1 }, Buffer.alloc(OUTWARD_MESSAGE_BYTES_MAX));
    while (!events.some(({ op }) => op === "end")) await sleep(1);
    say({ op: "read", id: 1, bytes: 6 });
    say({ op: "close", id: 1 });
    await gate.close();
    const room = events.reduce((sum, event) => sum + (event.op === "sent" ? event.bytes : 0), 0);
    assert.deepEqual(
      [room, received, gate.records[0]?.outcome],
      [OUTWARD_WINDOW_BYTES, OUTWARD_WINDOW_BYTES, "closed"],
    );
  });
});
