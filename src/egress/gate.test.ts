import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EgressGate } from "./gate.ts";
import { FixedNames, type Resolver } from "./resolver.ts";
import { gateTo, openTo, serve } from "./testing.ts";

describe("the egress gate", () => {
  test("carries bytes both ways, counts them, and tells of the connection", async (t) => {
    const { port } = await serve(t, (socket) => socket.pipe(socket));
    const gate = gateTo(port);
    const { connection, heard } = await openTo(gate, port);
    connection.send(Buffer.from("hello"));
    await heard.until(() => heard.text === "hello" && heard.sentBytes === 5);
    connection.end();
    await heard.heard("ended");
    await gate.close();
    const [record] = gate.records;
    assert.deepEqual(heard.events, ["opened", "data", "ended"]);
    assert.deepEqual(
      { ...record, startedMs: 0, durationMs: 0 },
      {
        ...{ number: 1, host: "server.test", port, addresses: ["127.0.0.1"], address: "127.0.0.1" },
        ...{ outcome: "closed", bytesOut: 5, bytesIn: 5, startedMs: 0, durationMs: 0 },
      },
    );
  });

  test("hands over no more than was granted, and the rest when it is", async (t) => {
    const { port } = await serve(t, (socket) => socket.end(Buffer.alloc(300_000, "x")));
    const gate = gateTo(port);
    const { connection, heard } = await openTo(gate, port, { window: 1000 });
    await heard.until(() => heard.text.length >= 1000);
    await sleep(100);
    assert.equal(heard.text.length, 1000);
    assert.ok(!heard.events.includes("ended"));
    connection.grant(1_000_000);
    await heard.heard("ended");
    assert.equal(heard.text.length, 300_000);
    await gate.close();
  });

  test("each side may end alone", async (t) => {
    const { port } = await serve(t, (socket) => socket.on("end", () => socket.end("after")).resume(), {
      allowHalfOpen: true,
    });
    const gate = gateTo(port);
    const { connection, heard } = await openTo(gate, port);
    connection.send(Buffer.from("before"));
    connection.end();
    await heard.heard("ended");
    assert.equal(heard.text, "after");
    await gate.close();
    assert.equal(gate.records[0]?.outcome, "closed");
  });

  test("lets out nothing but what was granted", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const names = { "server.test": ["127.0.0.1"], "other.test": ["127.0.0.1"], "evil.server.test": ["127.0.0.1"] };
    const gate = gateTo(port, { resolver: new FixedNames(names) });
    for (const [host, to] of [
      ["other.test", port],
      ["evil.server.test", port],
      ["server.test", port === 65_535 ? port - 1 : port + 1],
    ] as const)
      assert.equal((await openTo(gate, to, { host })).heard.failure, "refused");
    assert.deepEqual(
      gate.records.map(({ outcome, reason, addresses }) => [outcome, reason, addresses.length]),
      [
        ["refused", "host-not-granted", 0],
        ["refused", "host-not-granted", 0],
        ["refused", "port-not-granted", 0],
      ],
    );
    assert.equal(sockets.size, 0);
  });

  test("a name that leads inside is refused after it was looked up, in whatever form the address comes", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const cases = [
      ["127.0.0.1", "address-loopback"],
      ["::ffff:127.0.0.1", "address-ipv4-mapped"],
      ["::1", "address-loopback"],
      ["0.0.0.0", "address-unspecified"],
      ["::", "address-unspecified"],
      ["127.1", "address-not-an-address"],
      ["169.254.169.254", "address-cloud-metadata"],
    ] as const;
    for (const [address, reason] of cases) {
      const gate = gateTo(port, {
        grants: [[{ host: "server.test", ports: [port] }]],
        resolver: new FixedNames({ "server.test": [address] }),
      });
      assert.equal((await openTo(gate, port)).heard.failure, "refused");
      assert.equal(gate.records[0]?.reason, reason, address);
    }
    assert.equal(sockets.size, 0);
  });

  test("a name that changes its mind gains nothing: each connection goes to the address that was checked for it", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    let asked = 0;
    const rebinding: Resolver = {
      resolve: async () => [++asked === 1 ? "127.0.0.1" : "127.0.0.2"],
    };
    const gate = gateTo(port, { resolver: rebinding });
    assert.deepEqual((await openTo(gate, port)).heard.events, ["opened"]);
    assert.equal(asked, 1, "it is looked up once, not once to check and once to connect");
    assert.equal((await openTo(gate, port)).heard.failure, "refused");
    assert.equal(gate.records.at(-1)?.reason, "address-not-granted");
    assert.equal(sockets.size, 1);
    gate.sever("over");
  });

  test("of several addresses the ones that are allowed are tried", async (t) => {
    const { port } = await serve(t, () => {});
    const gate = gateTo(port, { resolver: new FixedNames({ "server.test": ["10.0.0.1", "127.0.0.1"] }) });
    assert.deepEqual((await openTo(gate, port)).heard.events, ["opened"]);
    gate.sever("over");
    assert.equal(gate.records[0]?.address, "127.0.0.1");
  });

  test("tells a closed port, a name that is none, and one that nobody can tell of", async (t) => {
    const { port, server } = await serve(t, () => {});
    server.close();
    const failing: Resolver = { resolve: () => Promise.reject(new Error("SERVFAIL")) };
    const gates = [gateTo(port), gateTo(port, { resolver: new FixedNames({}) }), gateTo(port, { resolver: failing })];
    const failures = [];
    for (const gate of gates) failures.push((await openTo(gate, port)).heard.failure);
    assert.deepEqual(failures, ["connection-refused", "refused", "unreachable"]);
    assert.deepEqual(
      gates.map(({ records }) => records[0]?.reason),
      ["connection-refused", "no-such-name", "unreachable"],
    );
  });

  test("quotas: connections at once, bytes out, bytes in", async (t) => {
    const { port } = await serve(t, (socket) => socket.pipe(socket));
    const few = gateTo(port, { quotas: { liveConnections: 1 } });
    await openTo(few, port);
    assert.equal((await openTo(few, port)).heard.failure, "refused");
    assert.equal(few.records[0]?.reason, "quota-live-connections");
    few.sever("over");
    const short = gateTo(port, { quotas: { bytesOut: 10 } });
    const { connection, heard } = await openTo(short, port);
    connection.send(Buffer.alloc(11));
    await heard.heard("reset");
    assert.deepEqual([short.records[0]?.reason, short.records[0]?.bytesOut], ["quota-bytes-out", 0]);
    const narrow = gateTo(port, { quotas: { bytesIn: 10 } });
    const second = await openTo(narrow, port);
    second.connection.send(Buffer.alloc(11));
    await second.heard.heard("reset");
    assert.equal(narrow.records[0]?.reason, "quota-bytes-in");
  });

  test("what no guest's side asks for ends the cell", () => {
    const gate = gateTo(80, { quotas: { connections: 1 } });
    const events = { opened() {}, failed() {}, data() {}, ended() {}, sent() {}, reset() {} };
    for (const host of ["127.0.0.1", "Server.test", "server.test.", "", "a b"])
      assert.throws(() => gate.open(host, 80, events), { code: "cell-misbehaved" }, host);
    for (const port of [0, 65_536, 1.5, Number.NaN])
      assert.throws(() => gate.open("server.test", port, events), { code: "cell-misbehaved" });
    gate.open("other.test", 80, events);
    assert.throws(() => gate.open("other.test", 80, events), { code: "cell-misbehaved" });
  });

  test("grants that are none, and quotas that are none, make no gate", () => {
    const grants = [[{ host: "127.0.0.1", ports: [80] }]];
    assert.throws(() => new EgressGate({ grants }), { code: "invalid-input" });
    for (const quotas of [{ bytesOut: -1 }, { bytesIn: 1.5 }, { connections: 1e9 }, { others: 1 }])
      assert.throws(() => new EgressGate({ grants: [], quotas }), { code: "invalid-input" });
  });

  test("a gate without grants lets nothing out", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    for (const grants of [[], [[]]]) {
      const gate = new EgressGate({ grants, resolver: new FixedNames({ "server.test": ["127.0.0.1"] }) });
      assert.equal((await openTo(gate, port)).heard.failure, "refused");
    }
    assert.equal(sockets.size, 0);
  });
});

describe("severing", () => {
  test("resets what is there and refuses what comes, and keeps the first reason", async (t) => {
    const errors: string[] = [];
    const { port } = await serve(t, (socket) => {
      socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code ?? ""));
      socket.resume();
    });
    const gate = gateTo(port);
    const [first, second] = [await openTo(gate, port), await openTo(gate, port)];
    gate.sever("a canary was touched");
    gate.sever("again");
    assert.deepEqual([first.heard.events.at(-1), second.heard.events.at(-1)], ["reset", "reset"]);
    assert.equal(gate.liveConnections, 0);
    assert.equal((await openTo(gate, port)).heard.failure, "severed");
    while (errors.length < 2) await sleep(5);
    assert.deepEqual(errors, ["ECONNRESET", "ECONNRESET"]);
    assert.deepEqual(
      gate.records.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["severed", "a canary was touched"],
        ["severed", "a canary was touched"],
        ["refused", "severed"],
      ],
    );
  });

  for (const isEnding of [false, true])
    test(`drops what waits for a receiver that does not read${isEnding ? ", also once the end was asked for" : ""}`, async (t) => {
      const { port, sockets } = await serve(t, (socket) => socket.pause());
      const gate = gateTo(port);
      const { connection, heard } = await openTo(gate, port);
      const chunk = Buffer.alloc(1 << 20, "x");
      let given = 0;
      // Until neither kernel takes any more, and so much waits in this process.
      for (let quiet = 0; quiet < 20; quiet++) {
        if (given - heard.sentBytes < 4 * chunk.length) {
          connection.send(chunk);
          given += chunk.length;
          quiet = 0;
        }
        await sleep(5);
      }
      if (isEnding) connection.end();
      gate.sever("cut");
      const [socket] = sockets;
      assert.ok(socket !== undefined);
      let received = 0;
      socket.on("data", (bytes) => {
        received += bytes.length;
      });
      socket.resume();
      const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
      assert.equal(error.code, "ECONNRESET");
      assert.ok(received < given - 4 * chunk.length + chunk.length, `${received} of ${given} arrived`);
    });

  test("a connection that is being made is not made", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const gate = gateTo(port, { resolver: { resolve: () => promise } });
    const opening = openTo(gate, port);
    await sleep(10);
    gate.sever("cut");
    resolve(["127.0.0.1"]);
    assert.equal((await opening).heard.failure, "severed");
    await sleep(50);
    assert.equal(sockets.size, 0);
  });

  test("an owner that throws when it is told keeps no connection alive", async (t) => {
    const { port } = await serve(t, () => {});
    let told = 0;
    const gate = gateTo(port, { onRecord: () => void told++ });
    await openTo(gate, port);
    await openTo(gate, port);
    gate.sever("cut");
    assert.deepEqual([gate.liveConnections, told], [0, 0], "it is told afterwards");
    await sleep(0);
    assert.equal(told, 2);
  });
});

describe("the end of a run", () => {
  test("what was given is still sent", async (t) => {
    let received = 0;
    const { port } = await serve(t, (socket) => {
      socket.on("data", (bytes) => {
        received += bytes.length;
      });
    });
    const gate = gateTo(port);
    const { connection } = await openTo(gate, port);
    connection.send(Buffer.alloc(3_000_000));
    connection.close();
    await gate.close();
    assert.equal(received, 3_000_000);
    assert.equal(gate.records[0]?.outcome, "closed");
  });

  test("a connection that does not end is reset in a moment, and none is made afterwards", async (t) => {
    const { port } = await serve(t, (socket) => socket.resume(), { allowHalfOpen: true });
    const gate = gateTo(port);
    await openTo(gate, port);
    await gate.close();
    assert.deepEqual([gate.records[0]?.outcome, gate.records[0]?.reason], ["reset", "unfinished-at-end"]);
    assert.equal((await openTo(gate, port)).heard.failure, "refused");
  });

  test("a server that goes on after a program is done with it is left after a minute, and takes no room for ever", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { port } = await serve(t, (socket) => socket.resume(), { allowHalfOpen: true });
    const gate = gateTo(port);
    const { connection } = await openTo(gate, port);
    connection.close();
    assert.equal(gate.liveConnections, 1);
    t.mock.timers.tick(60_000);
    assert.deepEqual([gate.liveConnections, gate.records[0]?.reason], [0, "not-closed-by-host"]);
  });

  test("data for somebody who has gone breaks the connection off", async (t) => {
    const { port } = await serve(t, (socket) => socket.on("end", () => socket.write("late")).resume(), {
      allowHalfOpen: true,
    });
    const gate = gateTo(port);
    const { connection } = await openTo(gate, port);
    connection.close();
    await gate.close();
    assert.equal(gate.records[0]?.reason, "data-after-close");
  });
});
