import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

const listening = (server: Server, where: string | number): Promise<void> =>
  new Promise((resolve) =>
    typeof where === "string" ? server.listen(where, resolve) : server.listen(where, "127.0.0.1", resolve),
  );

/** A guest's loopback interface and Unix names are its own: nothing that listens on the host is there. */
describe("a guest's sockets end in the guest", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-air-gap-"));
  let reached = 0;
  const make = (): Server =>
    createServer((socket) => {
      reached++;
      socket.destroy();
    });
  const [onPort, onPath, onName] = [make(), make(), make()];
  const name = `\0ztl-air-gap-${process.pid}`;
  let sandbox: Sandbox;
  let port = 0;

  before(async () => {
    await listening(onPort, 0);
    await listening(onPath, join(host, "socket"));
    await listening(onName, name);
    const address = onPort.address();
    assert.ok(address !== null && typeof address === "object");
    port = address.port;
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host, guest: "/tree" }],
    });
  });
  after(async () => {
    await sandbox.close();
    for (const server of [onPort, onPath, onName]) server.close();
    rmSync(host, { recursive: true, force: true });
  });

  const python = async (code: string): Promise<{ text: string; tried: readonly string[] }> => {
    const result = await sandbox.run({ tool: "python", code: `import errno, socket\n${code}` });
    assert.equal(result.status, "ok", result.stderrText);
    return { text: result.stdoutText, tried: Object.keys(result.diagnostics.egressAttempts) };
  };

  test("a port, a path and a name of the host", async () => {
    const { text, tried } = await python(`
for family, address in ((socket.AF_INET, ('127.0.0.1', ${port})), (socket.AF_INET, ('0.0.0.0', ${port})),
    (socket.AF_INET6, ('::1', ${port})), (socket.AF_INET6, ('::ffff:127.0.0.1', ${port})),
    (socket.AF_UNIX, '/tree/socket'), (socket.AF_UNIX, ${JSON.stringify(name.replace("\0", "\\0")).replace("\\\\0", "\\0")})):
  s = socket.socket(family)
  try: s.connect(address); print('connected')
  except OSError as error: print(errno.errorcode[error.errno])
`);
    assert.deepEqual(text.trim().split("\n"), [
      ...["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"],
      ...["ENOENT", "ECONNREFUSED"],
    ]);
    assert.ok(tried.includes(`127.0.0.1:${port}`), tried.join());
    assert.equal(reached, 0);
  });

  test("the world", async () => {
    const { text, tried } = await python(`
for family, kind, address in ((socket.AF_INET, socket.SOCK_STREAM, '192.0.2.1'), (socket.AF_INET6, socket.SOCK_STREAM, '2001:db8::1'),
    (socket.AF_INET, socket.SOCK_DGRAM, '192.0.2.2'), (socket.AF_INET6, socket.SOCK_DGRAM, '2001:db8::2'),
    (socket.AF_INET6, socket.SOCK_STREAM, '::ffff:192.0.2.3'), (socket.AF_INET, socket.SOCK_DGRAM, '224.0.0.1')):
  for call in ('connect', 'send'):
    s = socket.socket(family, kind)
    try: s.connect((address, 80)) if call == 'connect' or kind == socket.SOCK_STREAM else s.sendto(b'secret', (address, 80)); print('sent')
    except OSError as error: print(errno.errorcode[error.errno])
for kind in (socket.SOCK_RAW,):
  try: socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP); print('made')
  except PermissionError: print('EPERM')
try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print('made')
except PermissionError: print('EPERM')
`);
    assert.deepEqual(text.trim().split("\n"), [...Array(12).fill("ENETUNREACH"), "EPERM", "EPERM"]);
    assert.ok(tried.includes("192.0.2.1:80") && tried.includes("192.0.2.2:80"), tried.join());
  });

  test("a guest's own server is not on the host, and gone with its run", async () => {
    const { text } = await python(`
l = socket.create_server(('127.0.0.1', 41234)); u = socket.socket(socket.AF_UNIX); u.bind('\\0kept'); u.listen()
v = socket.socket(socket.AF_UNIX); v.bind('/tmp/kept'); socket.create_connection(('127.0.0.1', 41234)).send(b'kept')
print(l.getsockname()[1])`);
    assert.equal(text, "41234\n");
    const again = await python(`
import os
for s, address in ((socket.socket(), ('127.0.0.1', 41234)), (socket.socket(socket.AF_UNIX), '\\0kept')):
  try: s.connect(address); print('there')
  except ConnectionRefusedError: print('gone')
print(os.path.exists('/tmp/kept')); socket.create_server(('127.0.0.1', 41234))`);
    assert.equal(again.text, "gone\ngone\nFalse\n");
  });
});
