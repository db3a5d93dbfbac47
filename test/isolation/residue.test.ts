import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  Config,
  DEFAULT_LIMITS,
  type GuestEnding,
  Kernel,
  type KernelImage,
  type RunLimits,
} from "../../src/linux/index.ts";
import { findHostPython } from "../../src/sandbox/templates/host-python.ts";
import { pythonRecipe } from "../../src/sandbox/templates/python.ts";
import { encodePythonJob } from "../../src/sandbox/templates/python-job.ts";
import { Machine } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";

/*
 * After a rollback nothing of the run is left: a program spreads a secret over everything it can reach, the machine is
 * rolled back, and then all of guest memory is searched and the next program looks around.
 */

const MEMORY_BYTES = 256 * 1024 * 1024;
const SECRET = "s3cret-7f0b1d";

/** Looks at everything a process inherits or can list; its output must not depend on what ran before. */
const LOOK_AROUND = `
import os, signal, resource, threading, sys, json, gc, glob
seen = {
  "fds": [(n, os.readlink("/proc/self/fd/" + n).split(":")[0]) for n in sorted(os.listdir("/proc/self/fd")) if os.path.lexists("/proc/self/fd/" + n)],
  "handlers": [str(signal.getsignal(s)) for s in range(1, 32)],
  "mask": sorted(map(str, signal.pthread_sigmask(signal.SIG_BLOCK, []))), "pending": sorted(map(str, signal.sigpending())),
  "umask": os.umask(0o22), "cwd": os.getcwd(), "env": dict(os.environ), "limits": [resource.getrlimit(r) for r in range(16)],
  "files": {d: sorted(os.listdir(d)) for d in ("/", "/tmp", "/dev/shm", "/home/agent", "/run", "/data", "/var/tmp")},
  "content": open("/data/file").read(), "threads": threading.active_count(), "pids": [p for p in os.listdir("/proc") if p.isdigit()],
  "maps": open("/proc/self/maps").read(), "name": open("/proc/self/comm").read(), "timer": signal.getitimer(signal.ITIMER_REAL),
  "modules": sorted(sys.modules), "ids": (os.getpid(), os.getpgrp(), os.getsid(0), os.getuid()), "argv": sys.argv,
}
print(json.dumps(seen))`;

/** Spreads the secret, given on standard input so that it is not in the code, over everything in reach. */
const SPREAD = `
import os, sys, signal, mmap, threading, resource, subprocess, socket, ctypes, tempfile, json
secret = sys.stdin.read(); data = secret.encode()
keep = [bytearray(data * 5000), secret * 1000, {secret: secret}]
for d in ("/tmp", "/dev/shm", "/home/agent", "/run", "/data", "/var/tmp"):
    open(d + "/" + secret, "w").write(secret * 100); os.mkdir(d + "/dir-" + secret); os.symlink(secret, d + "/link-" + secret)
open("/data/file", "w").write(secret); os.unlink("/data/gone"); os.chmod("/data/other", 0o777); os.rename("/data/other", "/data/" + secret + "2")
os.environ[secret] = secret; os.putenv("X", secret); os.chdir("/tmp/dir-" + secret); os.umask(0o777)
r, w = os.pipe(); os.write(w, data * 100); a, b = socket.socketpair(); a.send(data); fd = os.open("/tmp/" + secret, os.O_RDWR); os.dup2(fd, 77)
m = mmap.mmap(-1, 4 << 20); m[: len(data) * 1000] = data * 1000; m2 = mmap.mmap(fd, 0); m2[:4] = b"abcd"
big = mmap.mmap(-1, 64 << 20)
for i in range(0, 64 << 20, 4096): big[i:i + len(data)] = data
for s in (signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM): signal.signal(s, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGHUP]); os.kill(os.getpid(), signal.SIGUSR2); os.kill(os.getpid(), signal.SIGHUP)
signal.setitimer(signal.ITIMER_REAL, 100); resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
ctypes.CDLL(None).prctl(15, data); sys.argv.append(secret); sys.modules[secret] = os
threading.Thread(target=lambda: (keep.append(secret + "thread"), threading.Event().wait()), daemon=True).start()
subprocess.run(["sh", "-c", "cat; echo $1 > /tmp/child", "sh", secret], input=data, stdout=subprocess.DEVNULL)
subprocess.Popen(["sh", "-c", "sleep 1000", secret])
if os.fork() == 0: signal.pause()
# Registers: vector registers are filled by comparing and copying long strings of the secret.
x = bytes(data * 100000); y = bytes(data * 100000); assert x == y and x.find(b"zz") == -1
libc = ctypes.CDLL(None); page = ctypes.c_void_p(0); libc.posix_memalign(ctypes.byref(page), 4096, 1 << 20); ctypes.memmove(page.value, x, 1 << 20); libc.mprotect(page, 4096, 0)
print("spread", len(secret))`;

describe("nothing survives a rollback", { skip: kvmMissing() }, () => {
  let builder: Machine;
  let machine: Machine;
  let image: KernelImage;
  let config: Config;
  let host: string;
  /** Whether the secret was in guest memory at the end of the last run, before its rollback. */
  let held = false;

  before(async () => {
    host = mkdtempSync(join(tmpdir(), "ztl-residue-"));
    for (const name of ["file", "gone", "other"]) writeFileSync(join(host, name), name);
    const recipe = pythonRecipe({
      python: findHostPython(),
      identity: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      memoryBytes: MEMORY_BYTES,
    });
    config = new Config({
      mounts: [...recipe.mounts, { guest: "/data", kind: "overlay", host }],
      hostname: "ztl",
      ...recipe.identity,
    });
    builder = Machine.create({ memoryBytes: MEMORY_BYTES });
    const kernel = Kernel.boot(builder, config);
    assert.equal(recipe.start.kind, "job");
    if (recipe.start.kind === "job") kernel.spawn({ ...recipe.start.program, job: true });
    assert.deepEqual(kernel.run({ poll: () => "continue", untilJobWanted: true }), { kind: "waiting" });
    image = kernel.seal();
    machine = Machine.fromImage({ fd: builder.memoryFd, image: builder.seal() });
  });

  after(() => {
    machine?.close();
    builder?.close();
    config?.close();
    if (host) rmSync(host, { recursive: true, force: true });
  });

  function run(
    code: string,
    stdin = "",
    limits: RunLimits = DEFAULT_LIMITS,
  ): { readonly stdout: string; readonly stderr: string; readonly outcome: GuestEnding } {
    const kernel = Kernel.restore(machine, image, config, { limits });
    kernel.setInput(Buffer.from(stdin));
    kernel.giveJob(
      encodePythonJob({ code, argv: ["-c"], filename: "<string>", cwd: undefined, env: { set: {}, unset: [] } }, "00"),
    );
    const outcome = kernel.run({ poll: () => "continue" });
    held = holdsSecret();
    machine.rollback();
    return { stdout: kernel.output.stdout.toString(), stderr: kernel.output.stderr.toString(), outcome };
  }

  /** Whether any byte of guest-physical memory holds the secret. */
  const holdsSecret = (): boolean =>
    Buffer.from(machine.memory.bytes.buffer, machine.memory.bytes.byteOffset, machine.memory.sizeBytes).includes(
      SECRET,
    );

  test("memory, files, descriptors, signals, limits, mappings, processes", () => {
    const first = run(LOOK_AROUND);
    assert.deepEqual(first.outcome, { kind: "exited", code: 0 }, first.stderr);
    for (let round = 0; round < 3; round++) {
      const spread = run(SPREAD, SECRET);
      assert.equal(spread.stdout, `spread ${SECRET.length}\n`, spread.stderr);
      assert.ok(held, "the program did put the secret into memory: otherwise this test proves nothing");
      assert.ok(!holdsSecret(), "the secret is still in guest memory after the rollback");
      const again = run(LOOK_AROUND);
      assert.deepEqual(JSON.parse(again.stdout), JSON.parse(first.stdout), again.stderr);
    }
  });

  test("a run cut short in the middle leaves nothing either", () => {
    for (const code of [
      "import sys; s = sys.stdin.read() * 1000; x = [s + str(i) for i in range(10**9)]",
      "import sys, os; s = sys.stdin.read() * 100; os.environ['S'] = s; os.abort()",
      "import sys; s = sys.stdin.read()\nwhile True: t = s + s",
    ]) {
      const { outcome } = run(code, SECRET, { ...DEFAULT_LIMITS, wallMs: 300, memoryBytes: MEMORY_BYTES / 2 });
      assert.notEqual(outcome.kind, "exited");
      assert.ok(held);
      assert.ok(!holdsSecret());
    }
  });
});
