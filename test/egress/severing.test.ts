import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "../../src/egress/testing.ts";
import { Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { gateTo, HOST } from "./world.ts";

/** The most that a kernel takes for a receiver that does not read (tcp(7), tcp_rmem). */
const SOCKET_BUFFER_BYTES = Number(readFileSync("/proc/sys/net/ipv4/tcp_rmem", "utf8").trim().split(/\s+/)[2]);

/** Sends without end, and says how that ended and what became of the next try. */
const UPLOAD = (port: number): string => `
import errno, socket
s = socket.create_connection(('${HOST}', ${port}))
try:
  while True: s.sendall(b'secret' * 10000)
except OSError as error: print(errno.errorcode[error.errno])
for attempt in range(2):
  try: socket.create_connection(('${HOST}', ${port})); print('connected')
  except OSError as error: print(errno.errorcode[error.errno])
try: socket.getaddrinfo('${HOST}', 1); print('named')
except OSError as error: print(error)
`;

/** A server that reads all it is sent, and says how much that was. */
async function countingServer(t: TestContext) {
  let bytesReceived = 0;
  const server = await serve(t, (socket) => {
    socket.on("data", (bytes) => {
      bytesReceived += bytes.length;
    });
  });
  return { ...server, received: () => bytesReceived };
}

describe("severing the way out of a run", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, prewarm: ["python"] });
  });
  after(() => sandbox.close());

  test("an upload in progress stops, the receiver is told by RST, and nothing connects any more", async (t) => {
    const { port, sockets, received } = await countingServer(t);
    const gate = gateTo([port]);
    const running = sandbox.run({ tool: "python", code: UPLOAD(port) }, { egress: gate });
    while (received() < 20_000_000) await sleep(5);
    const [socket] = sockets;
    assert.ok(socket !== undefined);
    const error = once(socket, "error");
    const ended = new Promise((resolve) => socket.once("close", resolve));
    gate.sever("the monitor saw a command chain");
    const atAlarm = received();
    assert.deepEqual([gate.liveConnections, gate.records[0]?.outcome], [0, "severed"], "at once, not later");
    assert.equal(((await error)[0] as NodeJS.ErrnoException).code, "ECONNRESET");
    await ended;
    assert.ok(received() - atAlarm <= SOCKET_BUFFER_BYTES, `${received() - atAlarm} bytes came after the alarm`);
    const run = await running;
    assert.equal(run.status, "ok", run.stderrText);
    assert.match(run.stdoutText, /^(?:ECONNRESET|EPIPE)\nENETUNREACH\nENETUNREACH\nnamed\n$/);
    assert.deepEqual(
      run.egress.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["severed", "the monitor saw a command chain"],
        ["refused", "severed"],
        ["refused", "severed"],
      ],
    );
    assert.ok((run.egress[0]?.bytesOut ?? 0) >= received(), "what is recorded as sent is no less than what arrived");
    assert.equal(sockets.size, 1);
  });

  test("what a receiver has not read when it happens does not come afterwards", async (t) => {
    const { port, sockets } = await serve(t, (socket) => socket.pause());
    const gate = gateTo([port]);
    const running = sandbox.run({ tool: "python", code: UPLOAD(port) }, { egress: gate });
    // Until all buffers on the way are full.
    for (let last = -1; last !== gate.bytes.out || last <= 0; await sleep(100)) last = gate.bytes.out;
    const sent = gate.bytes.out;
    gate.sever("cut");
    const [socket] = sockets;
    assert.ok(socket !== undefined);
    let received = 0;
    socket.on("data", (bytes) => {
      received += bytes.length;
    });
    socket.resume();
    await once(socket, "error");
    assert.ok(received <= SOCKET_BUFFER_BYTES && received < sent, `${received} of ${sent} arrived`);
    assert.match((await running).stdoutText, /^(?:ECONNRESET|EPIPE)\nENETUNREACH\n/);
  });

  test("a download stops as well, and a wait for a connection ends", async (t) => {
    const { port } = await serve(t, (socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) {}
      };
      socket.on("drain", more);
      more();
    });
    const { promise: never } = Promise.withResolvers<readonly string[]>();
    const gate = gateTo([port], {
      grants: [
        [
          { host: HOST, ports: [port], addresses: ["127.0.0.1"] },
          { host: "slow.test", ports: [1] },
        ],
      ],
      resolver: { resolve: async (name) => (name === HOST ? ["127.0.0.1"] : never) },
    });
    const code = `
import errno, socket, threading
def slow():
  try: socket.create_connection(('slow.test', 1))
  except OSError as error: print('slow', errno.errorcode[error.errno], flush=True)
thread = threading.Thread(target=slow); thread.start()
s = socket.create_connection(('${HOST}', ${port}))
try:
  while s.recv(65536): pass
  print('end')
except OSError as error: print(errno.errorcode[error.errno], flush=True)
thread.join()`;
    const running = sandbox.run({ tool: "python", code }, { egress: gate });
    while (gate.bytes.in < 1_000_000 || gate.liveConnections < 2) await sleep(5);
    gate.sever("cut");
    const { stdoutText } = await running;
    assert.deepEqual(stdoutText.trim().split("\n").sort(), ["ECONNRESET", "slow ENETUNREACH"]);
  });

  test("nothing more of a cell that is lost goes out", async (t) => {
    const { port, sockets, received } = await countingServer(t);
    const gate = gateTo([port]);
    const running = sandbox.run({ tool: "python", code: UPLOAD(port) }, { egress: gate });
    while (received() < 5_000_000) await sleep(5);
    const [socket] = sockets;
    assert.ok(socket !== undefined);
    const told = once(socket, "error");
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
    assert.equal(((await told)[0] as NodeJS.ErrnoException).code, "ECONNRESET");
    const run = await running;
    assert.ok(run.status === "error" && run.error.code === "cell-lost");
    assert.deepEqual(
      run.egress.map(({ outcome }) => outcome),
      ["severed"],
    );
  });

  test("a gate is one run's, and the next run has none of it", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const gate = gateTo([port]);
    const code = `import socket; socket.create_connection(('${HOST}', ${port}))`;
    assert.equal((await sandbox.run({ tool: "python", code }, { egress: gate })).status, "ok");
    await assert.rejects(sandbox.run({ tool: "python", code }, { egress: gate }), { code: "invalid-input" });
    const without = await sandbox.run({ tool: "python", code });
    assert.match(without.stderrText, /gaierror/);
    const address = `import socket; socket.create_connection(('198.18.1.0', ${port}))`;
    assert.match((await sandbox.run({ tool: "python", code: address })).stderrText, /Network is unreachable/);
    assert.equal(sockets.size, 1);
    const deterministic = { seed: "0".repeat(32), clockMs: 0 };
    await assert.rejects(sandbox.run({ tool: "python", code }, { egress: gateTo([port]), deterministic }), {
      code: "invalid-input",
    });
  });
});
