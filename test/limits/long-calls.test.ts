import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { PRELUDE } from "./resources.ts";

/** A call that would take minutes, or for ever: the time limits are looked at while it goes on. */
const CALLS: Readonly<Record<string, string>> = {
  "mincore over a lazy mapping of 64 TiB":
    "a = lazy(1 << 46)\nv = lazy(1 << 34)\nwhile True: syscall(27, a, 1 << 46, v)",
  "mprotect, madvise and munmap over many mappings":
    "a = lazy(1 << 40)\nfor i in range(5000): syscall(10, a + (i << 24), 4096, 1)\nwhile True:\n  for p in (0, 1): syscall(10, a, 1 << 40, p)\n  syscall(28, a, 1 << 40, 4); syscall(325, a, 1 << 40, 1); syscall(26, a, 1 << 40, 4)",
  "readv of gigabytes of zeros":
    "z = os.open('/dev/zero', 0); b = bytearray(1 << 20); p = ctypes.addressof(ctypes.c_char.from_buffer(b))\nv = (iovec * 1024)(*[iovec(p, 1 << 20)] * 1024)\nwhile True: syscall(19, z, ctypes.addressof(v), 1024)",
  "writev of gigabytes to nothing":
    "z = os.open('/dev/null', 1); b = bytearray(1 << 20); p = ctypes.addressof(ctypes.c_char.from_buffer(b))\nv = (iovec * 1024)(*[iovec(p, 1 << 20)] * 1024)\nwhile True: syscall(20, z, ctypes.addressof(v), 1024)",
  "sendfile without end":
    "z = os.open('/dev/zero', 0); n = os.open('/dev/null', 1)\nwhile True: os.sendfile(n, z, None, 1 << 40)",
  "reading a sparse file of 8 TiB":
    "f = os.open('/tmp/f', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 8 << 40); b = bytearray(16 << 20)\nwhile True: os.preadv(f, [b] * 64, 1 << 40)",
  "punching holes of terabytes":
    "f = os.open('/tmp/f', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 8 << 40)\nwhile True: syscall(285, f, 3, 0, 8 << 40)",
  "instances of epoll that watch each other":
    "fds = [os.eventfd(0) for i in range(250)]; level = fds\nfor depth in range(4):\n  above = []\n  for i in range(60):\n    e = select.epoll(); above.append(e)\n    for fd in level: e.register(fd, 1)\n  level = [e.fileno() for e in above]; keep = globals().setdefault('keep', []); keep += above\nwhile True: above[0].poll(0)",
  "directories listed again and again": "for i in range(20000): os.mknod(f'/tmp/{i}')\nwhile True: os.listdir('/tmp')",
  "random bytes without end":
    "while True: syscall(318, ctypes.addressof(ctypes.create_string_buffer(1 << 24)), 1 << 24, 0)",
  "processes forked with many mappings":
    "a = lazy(1 << 40)\nfor i in range(3000): syscall(10, a + (i << 24), 4096, 1)\nwhile True:\n  p = os.fork()\n  if p == 0: os._exit(0)\n  os.waitpid(p, 0)",
};

/** Terabytes brought into memory at once: memory ends long before the call would. */
const FILLED: Readonly<Record<string, string>> = {
  "anonymous memory that is only read": "libc.mmap(None, ctypes.c_long(1 << 45), 1, 0x8022, -1, 0)",
  "anonymous memory to be written": "libc.mmap(None, ctypes.c_long(1 << 45), 3, 0x8022, -1, 0)",
  "shared memory": "libc.mmap(None, ctypes.c_long(1 << 45), 3, 0x8021, -1, 0)",
  "a private mapping of a sparse file": "libc.mmap(None, ctypes.c_long(8 << 40), 1, 0x8002, sparse(), 0)",
  "a shared mapping of a sparse file": "libc.mmap(None, ctypes.c_long(8 << 40), 3, 0x8001, sparse(), 0)",
  MADV_POPULATE_READ: "syscall(28, lazy(1 << 45), 1 << 45, 22)",
  MADV_POPULATE_WRITE: "syscall(28, lazy(1 << 45), 1 << 45, 23)",
  mlock: "syscall(149, lazy(1 << 45), 1 << 45)",
  "mlock of a sparse file": "syscall(149, libc.mmap(None, ctypes.c_long(8 << 40), 1, 2, sparse(), 0), 8 << 40)",
};
const SPARSE = "def sparse():\n  f = os.open('/tmp/f', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 8 << 40); return f\n";

describe("time limits hold inside a call", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE });
    // Starting its cell is no part of a run's time.
    await sandbox.run({ tool: "python", code: "pass" });
  });
  after(() => sandbox.close());
  const lazy =
    "def lazy(size): return libc_mmap(size)\nlibc.mmap.restype = ctypes.c_long\ndef libc_mmap(size): return libc.mmap(None, ctypes.c_long(size), 3, 0x4022, -1, 0)\n";

  for (const [name, code] of Object.entries(CALLS))
    for (const limit of ["wall", "cpu"] as const)
      test(`${name}: ${limit}`, async () => {
        const limits = limit === "wall" ? { wallMs: 2000 } : { wallMs: 20_000, cpuMs: 1500 };
        const started = performance.now();
        const result = await sandbox.run({
          tool: "python",
          code: PRELUDE + lazy + code,
          limits: { memoryBytes: 256 << 20, openFiles: 1000, ...limits },
        });
        const tookMs = performance.now() - started;
        assert.equal(result.stdoutText, "said\n", result.stderrText);
        assert.equal(result.status === "limit" ? result.limit : result.status, limit, result.stderrText);
        if (limit === "wall") assert.ok(tookMs < 2000 + 1000, `${tookMs} ms`);
      });

  for (const [name, code] of Object.entries(FILLED))
    test(`filled with terabytes: ${name}`, async () => {
      const started = performance.now();
      const result = await sandbox.run({
        tool: "python",
        code: PRELUDE + lazy + SPARSE + code,
        limits: { memoryBytes: 256 << 20, wallMs: 3000 },
      });
      const tookMs = performance.now() - started;
      assert.equal(result.stdoutText, "said\n", result.stderrText);
      assert.ok(tookMs < 3000 + 1000, `${tookMs} ms`);
    });

  test("a run is cancelled inside a call", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 500);
    const code = `${PRELUDE}${lazy}${CALLS["mincore over a lazy mapping of 64 TiB"]}`;
    const result = await sandbox.run({ tool: "python", code }, { signal: controller.signal });
    assert.equal(result.status, "cancelled");
    assert.equal(result.stdoutText, "said\n");
  });
});
