import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** A call that fails on its way must leave nothing it had begun: no process, descriptor, file, pipe end or mapping. */
describe("a refused call leaves nothing", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-refused-"));
  let sandbox: Sandbox;
  before(async () => {
    mkdirSync(join(host, "tree"));
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host: join(host, "tree"), guest: "/tree" }],
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });

  const PRELUDE = `
import ctypes, errno, os, resource, select, signal, socket, threading, time
libc = ctypes.CDLL(None, use_errno=True)
BAD = 0x10
def syscall(number, *args):
  result = libc.syscall(number, *[ctypes.c_long(arg) for arg in args])
  return -ctypes.get_errno() if result < 0 else result
def fds(): return len(os.listdir('/proc/self/fd'))
def pids(): return len([name for name in os.listdir('/proc') if name.isdigit()])
class Full:
  "No descriptor is free."
  def __enter__(self):
    self.old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (fds() - 1, self.old[1]))
  def __exit__(self, *_): resource.setrlimit(resource.RLIMIT_NOFILE, self.old)
`;

  async function passes(code: string): Promise<void> {
    const result = await sandbox.run({
      tool: "python",
      code: `${PRELUDE}${code}\nprint('fine')`,
      limits: { wallMs: 20_000, processes: 16, openFiles: 256 },
    });
    assert.equal(result.stdoutText, "fine\n", `${result.status} ${result.stderrText}`);
    assert.deepEqual(result.changes, []);
  }

  test("clone that cannot write the pidfd, or has none to give", () =>
    passes(`
before = fds()
for i in range(100): assert syscall(56, 17 | 0x1000, 0, BAD, 0, 0) == -errno.EFAULT
with Full():
  out = ctypes.c_int()
  for i in range(100): assert syscall(56, 17 | 0x1000, 0, ctypes.addressof(out), 0, 0) == -errno.EMFILE
assert (pids(), fds()) == (1, before), (pids(), fds())
`));

  test("clone that cannot write the thread's number makes the child all the same, as on Linux", () =>
    passes(`
for i in range(100):
  pid = syscall(56, 17 | 0x1000000 | 0x100000, 0, BAD, BAD, 0)
  if pid == 0: os._exit(7)
  assert pid > 0 and os.waitpid(pid, 0)[1] == 7 << 8, pid
assert pids() == 1
`));

  test("pipe, socketpair and the like that cannot tell or have no descriptors", () =>
    passes(`
before = fds()
for i in range(300):
  assert syscall(293, BAD, 0) == -errno.EFAULT
  assert syscall(53, 1, 1, 0, BAD) == -errno.EFAULT
  assert syscall(53, 1, 2, 0, BAD) == -errno.EFAULT
assert fds() == before
pair = (ctypes.c_int * 2)()
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
for call in (lambda: syscall(293, ctypes.addressof(pair), 0), lambda: syscall(53, 1, 1, 0, ctypes.addressof(pair))):
  for free in (0, 1):
    now = fds() - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (now + free, limit[1]))
    for i in range(300): assert call() == -errno.EMFILE
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert fds() - 1 == now
with Full():
  for i in range(300):
    for call in ((291, 0), (290, 0, 0), (283, 1, 0), (319, ctypes.addressof(pair), 0), (434, os.getpid(), 0), (32, 0), (41, 1, 1, 0)):
      assert syscall(*call) == -errno.EMFILE, call
`));

  test("open without a descriptor to give makes no file and cuts none", () =>
    passes(`
os.close(os.open('/tmp/full', os.O_CREAT | os.O_WRONLY)); open('/tmp/full', 'w').write('kept')
path = ctypes.create_string_buffer(b'/tree/new'); old = ctypes.create_string_buffer(b'/tmp/full')
with Full():
  assert syscall(2, ctypes.addressof(path), os.O_CREAT | os.O_WRONLY, 0o600) == -errno.EMFILE
  assert syscall(2, ctypes.addressof(old), os.O_TRUNC | os.O_WRONLY, 0o600) == -errno.EMFILE
assert not os.path.exists('/tree/new') and open('/tmp/full').read() == 'kept'
`));

  test("a named pipe's open that is interrupted or killed is no reader", () =>
    passes(`
os.mkfifo('/tmp/pipe')
signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
for i in range(20):
  signal.setitimer(signal.ITIMER_REAL, 0.01)
  try: os.open('/tmp/pipe', os.O_RDONLY)
  except ZeroDivisionError: pass
  pid = os.fork()
  if pid == 0: os.open('/tmp/pipe', os.O_RDONLY)
  time.sleep(0.01); os.kill(pid, 9); os.waitpid(pid, 0)
try: os.open('/tmp/pipe', os.O_WRONLY | os.O_NONBLOCK); assert False
except OSError as error: assert error.errno == errno.ENXIO, error
`));

  test("descriptors in messages that cannot be taken, or are sent with nothing", () =>
    passes(`
a, b = socket.socketpair()
before = fds()
for i in range(300):
  r, w = os.pipe()
  socket.send_fds(a, [b'x'], [r, w])
  os.close(r); os.close(w)
  with Full(): data, got, flags, _ = socket.recv_fds(b, 10, 2)
  assert got == [] and flags & socket.MSG_CTRUNC, (got, flags)
for i in range(300):
  r, w = os.pipe()
  try: a.sendmsg([b''], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, r.to_bytes(4, 'little'))])
  except OSError: pass
  os.close(r); os.close(w)
assert fds() == before
`));

  test("a shared mapping that is refused is no mapping of the file", () =>
    passes(`
f = open('/tree/mapped', 'w+b'); f.write(b'x' * 8192); f.flush()
for i in range(100): assert syscall(9, 0x1000, 1 << 46, 3, 1 | 0x10, f.fileno(), 0) < 0
os.unlink('/tree/mapped')
`));
});
