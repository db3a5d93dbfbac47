import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { serve } from "../../src/egress/testing.ts";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { gateTo, HOST } from "./world.ts";

/** A socket that leads out behaves as one does on Linux: each program prints the same beside the same server outside of the sandbox. */
describe("sockets that lead out", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, prewarm: ["python"] });
  });
  after(() => sandbox.close());

  async function python(port: number, code: string, more: readonly number[] = []): Promise<string> {
    const text = `import errno, os, select, socket, sys, time\nto = ('${HOST}', ${port})\n${code}`;
    const run = await sandbox.run({ tool: "python", code: text }, { egress: gateTo([port, ...more]) });
    assert.equal(run.status, "ok", `${run.stdoutText}${run.stderrText}`);
    return run.stdoutText.trim();
  }

  const echo = (socket: Socket): void => void socket.pipe(socket);

  test("a connection is made without waiting, and poll and epoll tell when it is there", async (t) => {
    const { port } = await serve(t, echo);
    const text = await python(
      port,
      `
at = socket.getaddrinfo(*to, type=socket.SOCK_STREAM)[0][4]
s = socket.socket(); s.setblocking(False)
print(errno.errorcode[s.connect_ex(at)], errno.errorcode[s.connect_ex(at)])
e = select.epoll(); e.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
print(e.poll(5)[0][1] == select.EPOLLOUT, s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
try: s.recv(1)
except BlockingIOError: print('EAGAIN')
s.send(b'ping'); print(e.poll(5)[0][1] & select.EPOLLIN, s.recv(10))
print(s.getpeername() == at, s.getsockname()[0], e.poll(0.05))`,
    );
    assert.deepEqual(text.split("\n"), [
      ...["EINPROGRESS EALREADY", "True 0", "EAGAIN", "1 b'ping'", "True 198.18.0.2 []"],
    ]);
  });

  test("a closed port refuses, with and without waiting", async (t) => {
    const { port, server } = await serve(t, () => {});
    server.close();
    const text = await python(
      port,
      `
s = socket.socket()
print(errno.errorcode[s.connect_ex(to)])
s = socket.socket(); s.setblocking(False); s.connect_ex(to)
p = select.poll(); p.register(s, select.POLLOUT)
events = p.poll(5000)[0][1]
print(bool(events & select.POLLERR), bool(events & select.POLLHUP), errno.errorcode[s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)], s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))`,
    );
    assert.equal(text, "ECONNREFUSED\nTrue True ECONNREFUSED 0");
  });

  test("each side ends alone", async (t) => {
    const { port } = await serve(t, (socket) => socket.on("end", () => socket.end("after")).resume(), {
      allowHalfOpen: true,
    });
    const text = await python(
      port,
      `
s = socket.create_connection(to); s.sendall(b'x' * 100000); s.shutdown(socket.SHUT_WR)
print(s.recv(100), s.recv(100))
try: s.send(b'x')
except BrokenPipeError: print('EPIPE')`,
    );
    assert.equal(text, "b'after' b''\nEPIPE");
  });

  test("a reset is told: while reading, and then no more", async (t) => {
    const { port } = await serve(t, (socket) => socket.once("data", () => socket.resetAndDestroy()));
    const text = await python(
      port,
      `
s = socket.create_connection(to); s.send(b'go')
try: s.recv(1)
except ConnectionResetError: print('ECONNRESET')
print(s.recv(1))
try: s.send(b'x')
except BrokenPipeError: print('EPIPE')`,
    );
    assert.equal(text, "ECONNRESET\nb''\nEPIPE");
  });

  test("closing with something unread, or without lingering, resets the other side", async (t) => {
    const told: string[] = [];
    // The run may be over before the other side has heard.
    const { promise: both, resolve } = Promise.withResolvers<void>();
    let over = 0;
    const { port } = await serve(t, (socket) => {
      socket.write("unread");
      socket.on("error", (error: NodeJS.ErrnoException) => told.push(error.code ?? ""));
      socket.on("close", () => ++over === 2 && resolve());
    });
    const text = await python(
      port,
      `
import struct
s = socket.create_connection(to); select.select([s], [], []); s.close()
s = socket.create_connection(to); s.recv(10); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()
print('closed')`,
    );
    assert.equal(text, "closed");
    await both;
    assert.deepEqual(told, ["ECONNRESET", "ECONNRESET"]);
  });

  test("a receiver that does not read stops the sender, and its reading lets it go on", async (t) => {
    const hash = createHash("sha256");
    let length = 0;
    const { port } = await serve(t, (socket) => {
      socket.pause();
      setTimeout(() => socket.resume(), 300);
      socket.on("data", (bytes) => {
        hash.update(bytes);
        length += bytes.length;
      });
    });
    const text = await python(
      port,
      `
import hashlib
data = os.urandom(1 << 20) * 24
s = socket.create_connection(to); s.setblocking(False)
sent = stops = 0
while sent < len(data):
  try: sent += s.send(data[sent:sent + 300000])
  except BlockingIOError: stops += 1; select.select([], [s], [])
s.close()
print(stops > 0, hashlib.sha256(data).hexdigest())`,
    );
    assert.equal(text, `True ${hash.digest("hex")}`);
    assert.equal(length, 24 << 20);
  });

  test("a guest that does not read stops the other side", async (t) => {
    let taken = 0;
    const { port } = await serve(t, (socket) => {
      const chunk = Buffer.alloc(65_536, "x");
      const more = (): void => {
        do taken += chunk.length;
        while (taken < 64 << 20 && socket.write(chunk));
      };
      socket.on("drain", more);
      more();
    });
    const text = await python(
      port,
      `
s = socket.create_connection(to); time.sleep(1)
got = 0
while got < 1 << 20: got += len(s.recv(65536))
print('read', got >= 1 << 20)`,
    );
    assert.equal(text, "read True");
    // Buffers of two kernels, and the window.
    assert.ok(taken < 40 << 20, `${taken} bytes were taken for a guest that read one megabyte`);
  });

  test("a timeout of the socket's own, a signal, and a thread that closes it end a wait", async (t) => {
    const { port } = await serve(t, () => {});
    const text = await python(
      port,
      `
import signal, threading
s = socket.create_connection(to); s.settimeout(0.1)
try: s.recv(1)
except TimeoutError: print('timed out')
class Alarm(Exception): pass
def alarm(*_): raise Alarm
signal.signal(signal.SIGALRM, alarm); s.settimeout(None); signal.setitimer(signal.ITIMER_REAL, 0.1)
try: s.recv(1)
except Alarm: print('alarm')
threading.Timer(0.1, lambda: s.shutdown(socket.SHUT_RD)).start(); print(s.recv(1))`,
    );
    assert.equal(text, "timed out\nalarm\nb''");
  });

  test("several connections and processes at once", async (t: TestContext) => {
    const { port } = await serve(t, echo);
    const text = await python(
      port,
      `
import threading
def one(i):
  s = socket.create_connection(to); data = bytes([i]) * 200000; got = b''
  threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
  while part := s.recv(65536): got += part
  results.append(got == data)
results = []
threads = [threading.Thread(target=one, args=(i,)) for i in range(20)]
for x in threads: x.start()
for x in threads: x.join()
print(len(results), all(results), flush=True)
shared = socket.create_connection(to)
if os.fork() == 0:
  shared.send(b'child'); os._exit(0)
os.wait(); print(shared.recv(10))`,
    );
    assert.equal(text, "20 True\nb'child'");
  });

  test("what was written before the program ended still arrives", async (t) => {
    let length = 0;
    const { port, sockets } = await serve(t, (socket) => {
      socket.pause();
      setTimeout(() => socket.resume(), 200);
      socket.on("data", (bytes) => {
        length += bytes.length;
      });
    });
    const text = await python(
      port,
      `
s = socket.create_connection(to); s.setblocking(False); sent = 0
try:
  while sent < 2_000_000: sent += s.send(b'x' * 2_000_000)
except BlockingIOError: pass
print(sent, flush=True); os._exit(0)`,
    );
    assert.equal(length, Number(text));
    assert.ok(length > 256 * 1024, "more than one window");
    assert.equal(sockets.size, 1);
  });

  test("servers on the guest's own loopback go on as before", async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const text = await python(
      port,
      `
l = socket.create_server(('127.0.0.1', ${port})); c = socket.create_connection(('127.0.0.1', ${port}))
l.accept()[0].send(b'own'); print(c.recv(10), socket.gethostbyname('localhost'))
s = socket.socket(); s.bind(('127.0.0.1', 0)); print(errno.errorcode[s.connect_ex(to)])`,
    );
    assert.equal(text, "b'own' 127.0.0.1\nEINVAL");
    assert.equal(sockets.size, 0);
  });

  test("the limit of memory holds for what waits to be read, and the next run finds nothing of it", async (t) => {
    const { port } = await serve(t, (socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) {}
      };
      socket.on("drain", more);
      more();
    });
    const code = `
import socket, time
keep = [socket.create_connection(('${HOST}', ${port})) for _ in range(60)]
pages = bytearray(40 << 20)
time.sleep(20)`;
    const limits = { memoryBytes: 64 * 1024 * 1024, wallMs: 20_000 };
    const run = await sandbox.run({ tool: "python", code, limits }, { egress: gateTo([port]) });
    assert.ok(run.status === "limit" && run.limit === "memory", JSON.stringify([run.status, run.stderrText]));
    const next = await sandbox.run({ tool: "python", code: "print(6 * 7)" });
    assert.equal(next.stdoutText, "42\n");
  });
});
