import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/**
 * Every call that knows sockets, on sockets of every kind and state, with numbers, lengths and pointers that are rarely
 * meant: whatever comes back, the program goes on, and says so at its end.
 */
const PROGRAM = `
import ctypes, os, random, select, signal, socket, struct, sys
random.seed(int(sys.argv[1]))
signal.signal(signal.SIGPIPE, signal.SIG_IGN); signal.signal(signal.SIGALRM, lambda *_: None)
libc = ctypes.CDLL(None, use_errno=True); libc.syscall.restype = ctypes.c_long
area = (ctypes.c_char * 65536)(); A = ctypes.addressof(area)
def pair(family):
  l = socket.socket(family); l.bind(('::1' if family == socket.AF_INET6 else '127.0.0.1', 0) if family != socket.AF_UNIX else ''); l.listen(2)
  c = socket.socket(family); c.connect(l.getsockname()); return [l, c, l.accept()[0], socket.socket(family)]
def fresh():
  k = [s for f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX) for s in pair(f)]
  for f in (socket.AF_INET, socket.AF_INET6):
    u = socket.socket(f, socket.SOCK_DGRAM); u.bind(('::1' if f == socket.AF_INET6 else '127.0.0.1', 0)); v = socket.socket(f, socket.SOCK_DGRAM); v.connect(u.getsockname()); k += [u, v]
  k += socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) + socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
  n = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); n.bind((0, 0)); k.append(n)
  for s in k: s.setblocking(False)
  return k
EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 28, 40, 110, 128, 129, 255, 1024, 4096, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1, A, A + 64, A + 65530, 0x10, 2**47 - 1]
def fill():
  names = [struct.pack('<H', f) + os.urandom(26) for f in (1, 2, 10, 16)] + [struct.pack('<HH4B', 2, random.choice([0, 80, 12345]), 127, 0, 0, 1) + bytes(8), b'\\1\\0\\0name', b'\\1\\0/tmp/s\\0']
  for at in range(0, 4096, 128): ctypes.memmove(A + at, (random.choice(names) + bytes(128))[:128], 128)
  for at in range(4096, 8192, 64):
    ctypes.memmove(A + at, struct.pack('<8Q', *[random.choice(EDGES) for i in range(8)]), 64)
  cmsg = struct.pack('<QiiI', random.choice([16, 20, 28, 2**64 - 1]), random.choice([1, 0, 41]), random.choice([1, 2, 8, 52]), random.choice([0, 1, 2**31]))
  ctypes.memmove(A + 8192, cmsg + bytes(12), 32)
  head = struct.pack('<IHHII', random.choice([0, 16, 32, 2**32 - 1]), random.choice([2, 16, 18, 22, 26, 30, 99]), random.choice([1, 5, 0x301]), 1, 0)
  ctypes.memmove(A + 8448, head + bytes(48), 64)
  header = struct.pack('<QIIQQQQI', random.choice([0, A, A + 256]), random.choice([0, 16, 28, 200]), 0, A + 12288, random.choice([0, 1, 3, 1024, 2000]), random.choice([0, A + 8192]), random.choice([0, 24, 32, 2**40]), 0)
  ctypes.memmove(A + 16384, header + bytes(8), 64)
  for at in range(12288, 16384, 16): ctypes.memmove(A + at, struct.pack('<QQ', random.choice([A + 8448, A + 40000, 0x10]), random.choice([0, 1, 64, 5000, 2**40])), 16)
CALLS = [0, 1, 7, 16, 19, 20, 23, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 72, 232, 233, 288, 299, 307, 40, 275]
POINTERS = [0, A, A + 128, A + 4096, A + 8192, A + 8448, A + 12288, A + 16384, A + 40000]
keep = fresh(); epoll = select.epoll()
for s in keep: epoll.register(s, 0x80000007)
spare = [os.dup(1) for i in range(3)]
for step in range(int(sys.argv[2])):
  if step % 50 == 0: fill()
  if step % 400 == 399:
    for fd in range(6 + len(spare), 400):
      if fd not in spare and fd != epoll.fileno():
        try: os.close(fd)
        except OSError: pass
    for s in keep: s.detach()
    keep = fresh()
    for s in keep: epoll.register(s, 0x80000007)
  fd = random.choice(keep).fileno()
  args = [random.choice([fd, fd, fd, random.choice(EDGES)])] + [random.choice(POINTERS if random.random() < 0.5 else EDGES) for i in range(5)]
  if random.random() < 0.5: args[3] = random.choice([0, 0x40, 2, 0x20, 0x100, 1, 0x40000040])
  signal.setitimer(signal.ITIMER_REAL, 0.05)
  libc.syscall(ctypes.c_long(random.choice(CALLS)), *[ctypes.c_ulong(a & (2**64 - 1)) for a in args])
for s in keep: s.detach()
os.write(spare[0], b'went on\\n')
os._exit(0)
`;

describe("hostile use of sockets", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE });
  });
  after(() => sandbox.close());

  for (const seed of [1, 2, 3])
    test(`seed ${seed}`, async () => {
      const result = await sandbox.run({
        tool: "exec",
        program: "python3",
        args: ["-c", PROGRAM, String(seed), "4000"],
        limits: { openFiles: 4096, wallMs: 120_000, cpuMs: 120_000 },
      });
      assert.equal(result.status, "ok", JSON.stringify(result.status === "error" && result.error));
      assert.ok(result.stdoutText.endsWith("went on\n"), result.stderrText.slice(-2000));
    });
});
