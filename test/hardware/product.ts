import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox, type ToolCall } from "../../src/index.ts";
import { probeHost } from "../../src/vmm/index.ts";

/** The whole product on hardware virtualisation: what its users see first. */

const launcher = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
/** Emulated, a cold start takes half a minute; that it ends by itself is all that matters here. */
const LIMITS = { wallMs: 300_000, cpuMs: 300_000 };
const WARM_CALLS = 20;

function ztl(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("this is the kind of host it is meant to be: `syscall` lands in ring 0", () => {
  const { usable, syscallRing, problems, modules } = probeHost();
  assert.deepEqual({ usable, syscallRing, problems }, { usable: true, syscallRing: 0, problems: [] });
  assert.ok(modules.includes("kvm_amd"));
});

test("ztl doctor finds nothing missing", (t) => {
  const { status, stdout, stderr } = ztl("doctor");
  t.diagnostic(stdout + stderr);
  assert.equal(status, 0);
});

test("ztl run: Python and shell", () => {
  assert.deepEqual(ztl("run", "--python", "print(6*7)"), { status: 0, stdout: "42\n", stderr: "" });
  assert.deepEqual(ztl("run", "--shell", "seq 3 | sort -r"), { status: 0, stdout: "3\n2\n1\n", stderr: "" });
});

describe("warm calls through the library", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1, limits: LIMITS });
  });
  after(() => sandbox.close());

  async function output(call: ToolCall): Promise<string> {
    const run = await sandbox.run(call);
    assert.equal(run.stderrText, "");
    assert.equal(run.status, "ok");
    return run.stdoutText;
  }
  const python = (code: string) => output({ tool: "python", code });
  const shell = (code: string) => output({ tool: "shell", code });

  test("one after the other, each from the same state", async (t) => {
    const totalsMs: number[] = [];
    for (let i = 0; i < WARM_CALLS; i++) {
      const run = await sandbox.run({ tool: "python", code: `x = ${i}\nprint(x * 2, 'left' in globals())\nleft = 1` });
      assert.deepEqual([run.status, run.stdoutText], ["ok", `${2 * i} False\n`]);
      totalsMs.push(run.timingsMs.total);
    }
    totalsMs.sort((a, b) => a - b);
    t.diagnostic(`emulated: warm Python call ${totalsMs[WARM_CALLS / 2]?.toFixed(1)} ms at the median`);
  });

  test("fork, exec and pipes", async () => {
    assert.equal(
      await shell("for i in 1 2 3; do echo $i | cat | tr 123 abc; done; x=$(uname -s); echo $x"),
      "a\nb\nc\nLinux\n",
    );
    const code =
      "import os\npid = os.fork()\nif pid == 0: os._exit(7)\nprint(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";
    assert.equal(await python(code), "7\n");
    assert.equal(
      await python("import subprocess as s; print(s.check_output(['expr', '6', '*', '7'], text=True))"),
      "42\n\n",
    );
  });

  test("a child's writes do not show in its parent", async () => {
    const code = [
      "import os, mmap",
      "private, shared = bytearray(1 << 20), mmap.mmap(-1, 4096)",
      "pid = os.fork()",
      "if pid == 0:",
      "    private[:] = b'x' * len(private); shared[0] = 42; os._exit(0)",
      "os.waitpid(pid, 0); print(private.count(0) == len(private), shared[0])",
    ];
    assert.equal(await python(code.join("\n")), "True 42\n");
  });

  test("signals: sent, from faults, from timers, with registers kept", async () => {
    assert.equal(await shell("trap 'echo caught; exit 0' USR1; kill -USR1 $$; echo not reached"), "caught\n");
    const timer = [
      "import signal",
      "ticks = 0",
      "def tick(*_):",
      "    global ticks; ticks += 1",
      "signal.signal(signal.SIGALRM, tick); signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)",
      "total = sum(i * 0.5 for i in range(200000))",
      "while ticks < 3: pass",
      "print(total)",
    ];
    assert.equal(await python(timer.join("\n")), "9999950000.0\n");
    const fault = await sandbox.run({ tool: "python", code: "import ctypes; ctypes.string_at(8)" });
    assert.ok(fault.status === "signaled" && fault.signal === "SIGSEGV");
  });

  test("threads take turns", async () => {
    const code = [
      "import threading",
      "counts = [0] * 4",
      "def work(n):",
      "    for _ in range(20000): counts[n] += 1",
      "threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]",
      "[t.start() for t in threads]; [t.join() for t in threads]; print(counts)",
    ];
    assert.equal(await python(code.join("\n")), "[20000, 20000, 20000, 20000]\n");
  });

  test("an endless loop ends at its limit, and the next call runs", async () => {
    const run = await sandbox.run({ tool: "python", code: "while True: pass", limits: { wallMs: 500 } });
    assert.equal(run.status, "limit");
    assert.equal(await python("print('next')"), "next\n");
  });
});
