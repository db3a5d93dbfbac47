import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZtlError } from "../../../errors.ts";
import type { TracedCall } from "../../../linux/trace/traced-call.ts";
import { encodeFrame, NONCE_BYTES } from "../../frames.ts";
import { type Aside, ReplyReader } from "../../reply-reader.ts";
import { traceLine } from "../../trace-line.ts";
import { type RunTrace, TRACE_FRAME_BYTES } from "../protocol.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { TraceReader } from "./trace.ts";

/** A cell that is not ours any more tells of system calls. */

const ASKED: RunTrace = { calls: null, isTold: true, callsMax: 3, isCounted: false };
const CALL = [1, 0.5, 2, 2, "read", '3, "x", 1', "1", ""];

const isMisbehaviour = (error: unknown): boolean => ZtlError.isInstance(error) && error.code === "cell-misbehaved";
const isMalformed = (error: unknown): boolean => ZtlError.isInstance(error) && error.code === "frame-malformed";

function read(...frames: readonly object[]): TracedCall[] {
  const calls: TracedCall[] = [];
  const reader = new TraceReader(ASKED, (call) => calls.push(call));
  for (const frame of frames) reader.read(frame as Record<string, unknown>);
  return calls;
}

const frameOf = (...calls: readonly unknown[]): object => ({ type: "trace", calls });
const changed = (index: number, value: unknown): unknown[] => CALL.map((part, at) => (at === index ? value : part));

describe("a forged trace", () => {
  test("an honest one is read", () => {
    assert.deepEqual(
      read(frameOf(CALL), frameOf(changed(7, "refused by ztl: so it is"))).map(({ note }) => note),
      [undefined, "refused by ztl: so it is"],
    );
  });

  test("each part that cannot be ends the cell", () => {
    const wrong: readonly [index: number, ...values: unknown[]][] = [
      [0, -1, "1", null, Number.NaN, 1e300],
      [1, -1, [], 1e300],
      [2, -1, 1.5, 2 ** 40, "2"],
      [3, -1, {}, 2 ** 40],
      [4, "", "read\n", "\u001b[2J", "READ", "r".repeat(41), "rеad", 1],
      [5, "\u001b[2J", "a\nb", "\0", "\u007f", "x".repeat(2049), null],
      [6, "", "1\n", "\u202e1", "1".repeat(65), 1],
      [7, "\u001b]0;x\u0007", "é", "x".repeat(201), null],
    ];
    for (const [index, ...values] of wrong)
      for (const value of values)
        assert.throws(() => read(frameOf(changed(index, value))), isMisbehaviour, `${index}: ${JSON.stringify(value)}`);
    for (const call of [[], CALL.slice(1), [...CALL, ""], {}, null, "read"])
      assert.throws(() => read(frameOf(call)), isMisbehaviour);
    for (const frame of [{ type: "trace" }, { type: "trace", calls: {} }, { ...frameOf(CALL), more: 1 }])
      assert.throws(() => read(frame), isMisbehaviour);
  });

  test("more calls than were asked for, at once or one by one", () => {
    assert.equal(read(frameOf(CALL, CALL, CALL)).length, 3);
    assert.throws(() => read(frameOf(CALL, CALL, CALL, CALL)), isMisbehaviour);
    assert.throws(() => read(...Array.from({ length: 4 }, () => frameOf(CALL))), isMisbehaviour);
  });

  test("counts and calls that nobody asked for, or that cannot be", () => {
    const honest = { unknownSyscalls: {}, egressAttempts: {}, exits: 1, syscalls: 1, peakMemoryBytes: 1 };
    const counted = { ...honest, counts: { read: [2, 1, 0.5] }, faults: 1, switches: 1 };
    const asked: RunTrace = { ...ASKED, isTold: false, isCounted: true };
    assert.deepEqual(diagnosticsOf(counted, asked).counts, { read: [2, 1, 0.5] });
    assert.throws(() => diagnosticsOf(counted), isMisbehaviour);
    assert.throws(() => diagnosticsOf(counted, ASKED), isMisbehaviour);
    assert.throws(() => diagnosticsOf({ ...honest, untraced: 1 }, asked), isMisbehaviour);
    const names = Object.fromEntries(Array.from({ length: 513 }, (_, at) => [`n${at}`, [1, 0, 0]]));
    for (const counts of [
      [],
      { read: [1, 2, 0] },
      { read: [1, 0] },
      { read: [1, 0, 0, 0] },
      { "\n": [1, 0, 0] },
      names,
    ])
      assert.throws(() => diagnosticsOf({ ...counted, counts }, asked), isMisbehaviour);
    assert.throws(() => diagnosticsOf({ ...honest, faults: 1 }, asked), isMisbehaviour);
  });

  test("a line of a call acts on no terminal and hides nothing", () => {
    const [call] = read(frameOf(changed(5, '"/tmp/\u202eevil\u0085\u200b"')));
    const line = traceLine(call as TracedCall);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e\u200b]/);
    assert.match(line, /^2 {6}0\.001000 read\("\/tmp\/⟦U\+202E⟧evil.*\) += 1 <0\.000500>$/);
  });
});

describe("frames before a reply", () => {
  const nonce = new Uint8Array(NONCE_BYTES).fill(7);
  const bytesOf = (header: object, body: readonly Uint8Array[] = []): Buffer =>
    Buffer.concat(encodeFrame({ nonce, id: 1 }, header, body));
  const LIMITS = { headerBytes: 2 ** 20, bodyBytes: 100, json: { depth: 4, containers: 1e5, values: 1e5 } };

  function reader(withAside = true): { reader: ReplyReader; taken: unknown[] } {
    const taken: unknown[] = [];
    const take: Aside["take"] = (header) => taken.push(header);
    const aside: Aside = { type: "trace", headerBytes: TRACE_FRAME_BYTES, bodyBytes: 0, take };
    const made = new ReplyReader(nonce);
    made.expect(1, LIMITS, withAside ? [aside] : []);
    return { reader: made, taken };
  }

  test("come whole, in pieces of any size, and many at once", () => {
    const all = Buffer.concat([bytesOf(frameOf(CALL)), bytesOf(frameOf(CALL, CALL)), bytesOf({ type: "result" })]);
    for (const step of [1, 7, 64, all.length]) {
      const { reader: one, taken } = reader();
      let reply: unknown;
      for (let at = 0; at < all.length; at += step) reply = one.push(all.subarray(at, at + step)) ?? reply;
      assert.deepEqual(reply, { id: 1, header: { type: "result" }, body: Buffer.alloc(0) });
      assert.equal(taken.length, 2);
    }
  });

  test("too long, with a body, unasked for, or after the reply", () => {
    const long = bytesOf(frameOf("x".repeat(TRACE_FRAME_BYTES)));
    assert.throws(() => reader().reader.push(long), isMalformed);
    assert.throws(() => reader().reader.push(bytesOf(frameOf(), [Buffer.from("x")])), isMalformed);
    const result = bytesOf({ type: "result" });
    assert.throws(() => reader().reader.push(Buffer.concat([result, bytesOf(frameOf())])), isMalformed);
    const { reader: unasked } = reader(false);
    const reply = unasked.push(bytesOf(frameOf()));
    assert.ok(reply !== undefined && "header" in reply);
    assert.equal(reply.header.type, "trace", "it is the reply, and no result");
  });
});
