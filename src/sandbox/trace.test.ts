import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../vmm/testing.ts";
import { Sandbox, type ToolCall, type TracedCall, type TraceRequest, traceLine } from "./index.ts";
import type { RunResult } from "./result.ts";

const DETERMINISTIC = { seed: "ab".repeat(16), clockMs: 1_800_000_000_000 };

describe("a run that is traced", { skip: kvmMissing }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1 });
  });
  after(() => sandbox?.close());

  async function traced(
    call: ToolCall,
    trace: TraceRequest = {},
    deterministic?: typeof DETERMINISTIC,
  ): Promise<{ calls: TracedCall[]; result: RunResult }> {
    const calls: TracedCall[] = [];
    const onCall = (one: TracedCall): void => void calls.push(one);
    const result = await sandbox.run(call, { trace: { onCall, ...trace }, ...(deterministic && { deterministic }) });
    return { calls, result };
  }

  const python = (code: string): ToolCall => ({ tool: "python", code });
  const shell = (code: string): ToolCall => ({ tool: "shell", code });
  const shown = ({ name, args, result, note }: TracedCall): string =>
    `${name}(${args}) = ${result}${note === undefined ? "" : ` ! ${note}`}`;

  test("calls that are refused or not known are marked, and the result names what is not known", async () => {
    const { calls, result } = await traced(
      python(
        "import ctypes, sys\nlibc = ctypes.CDLL(None)\nlibc.mount(b'a', b'/b', b'tmpfs', 0, 0)\nlibc.syscall(1000, *[ctypes.c_long(0)] * 6)\nsys.exit(3)",
      ),
    );
    assert.equal(result.exitCode, 3);
    const lines = calls.filter(({ note }) => note !== undefined).map(shown);
    assert.deepEqual(lines, [
      `mount("a", "/b", "tmpfs", NULL, NULL) = -1 EPERM ! refused by ztl: mounts are the sandbox's; on Linux it takes privileges`,
      "syscall 1000(NULL, NULL, NULL, NULL, NULL, NULL) = -1 ENOSYS ! not known to ztl",
    ]);
    assert.deepEqual(result.diagnostics.unknownSyscalls, { "syscall 1000": 1 });
  });

  test("the same run twice gives the same lines, times included, when time is counted", async () => {
    const call = shell("echo a > /tmp/x; cat /tmp/x /missing; (sleep 0.1; exit 3) & wait; printf '\\033[2J' | od -c");
    const [first, second] = [await traced(call, {}, DETERMINISTIC), await traced(call, {}, DETERMINISTIC)];
    assert.ok(first.calls.length > 300);
    assert.deepEqual(first.calls.map(traceLine), second.calls.map(traceLine));
  });

  test("only the families and names that were asked for", async () => {
    const { calls } = await traced(shell("cat /missing; true | true"), { calls: ["network", "mkdir", "wait4"] });
    assert.ok(calls.length > 0);
    assert.deepEqual([...new Set(calls.map(({ name }) => name))], ["getpeername", "wait4"]);
    const files = await traced(shell("cat /missing"), { calls: ["file"] });
    const lines = files.calls.map(shown);
    assert.ok(lines.some((line) => line.startsWith('execve("/usr/bin/cat", ["cat", "/missing"], 0x')));
    assert.ok(lines.includes('openat(AT_FDCWD, "/missing", O_RDONLY) = -1 ENOENT'));
    assert.ok(files.calls.every(({ name }) => name !== "read" && name !== "mmap"));
  });

  test("calls that sleep, are interrupted, end with their process, or with the run", async () => {
    const { calls, result } = await sandboxWithin(
      python(`
import os, signal, time, threading
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.2)
child = os.fork()
if child == 0: os.read(os.pipe()[0], 1)
time.sleep(0.05); os.kill(child, 9); os.waitpid(child, 0)
os.read(os.pipe()[0], 1)
`),
    );
    assert.ok(result.status === "limit" && result.limit === "wall");
    const lines = calls.map(shown);
    assert.ok(lines.some((line) => /^clock_nanosleep\(CLOCK_MONOTONIC, .*\) = -1 EINTR$/.test(line)));
    assert.equal(lines.filter((line) => /^read\(\d+, 0x[0-9a-f]+, 1\) = \? not returned from$/.test(line)).length, 2);
    // That of the child is told when the child ends, not when the run does.
    const abandoned = lines.findIndex((line) => line.endsWith("not returned from"));
    assert.ok(abandoned < calls.findLastIndex(({ name }) => name === "pipe2"));
    const sleeping = calls.find(({ name, result: how }) => name === "wait4" && how !== "-1 ECHILD");
    assert.ok(sleeping !== undefined);
  });

  async function sandboxWithin(call: ToolCall): Promise<{ calls: TracedCall[]; result: RunResult }> {
    return traced({ ...call, limits: { wallMs: 700 } });
  }

  test("what there is is told while the run goes on, and no more than was asked for", async () => {
    const abort = new AbortController();
    const onCall = ({ name }: TracedCall): void => {
      if (name === "getpgrp") abort.abort();
    };
    const options = { trace: { onCall, calls: ["getpgrp"] }, signal: abort.signal };
    const loop = python("import os\nos.getpgrp()\nwhile True: pass");
    assert.equal((await sandbox.run(loop, options)).status, "cancelled");
    const { calls, result } = await traced(python("import os\nfor _ in range(100): os.getppid()"), {
      calls: ["getppid"],
      callsMax: 30,
    });
    assert.deepEqual([calls.length, result.diagnostics.untraced], [30, 70]);
  });

  test("counts agree with what was traced, and are not there unasked", async () => {
    const { calls, result } = await traced(
      python(
        "import os\nb = bytearray(50_000_000)\nif os.fork() == 0: os._exit(0)\nos.wait()\ntry: open('/missing')\nexcept OSError: pass",
      ),
      { stats: true },
    );
    const { stats, syscalls } = result.diagnostics;
    assert.ok(stats !== undefined && stats.faults > 0 && stats.switches > 0);
    const counted = Object.values(stats.calls).reduce((sum, { count }) => sum + count, 0);
    assert.ok(Math.abs(counted - syscalls) <= 1 && Math.abs(counted - calls.length) <= 1, `${counted} ${syscalls}`);
    assert.equal(
      stats.calls.openat?.errors,
      calls.filter((c) => c.name === "openat" && c.result.startsWith("-1")).length,
    );
    assert.equal((await sandbox.run(shell("true"))).diagnostics.stats, undefined);
  });

  test("hostile bytes in arguments are quoted, and a caller's own failure is the caller's", async () => {
    const { calls } = await traced(
      python("import os\ntry: os.stat(b'/\\x1b]0;x\\x07\\xff\\n')\nexcept OSError: pass\nos.getpgid(0)"),
      { calls: ["file"] },
    );
    assert.ok(calls.map(shown).some((line) => line.includes(String.raw`"/\x1b]0;x\x07\xff\n"`)));
    const failing = sandbox.run(shell("sleep 5"), {
      trace: {
        onCall: () => {
          throw new RangeError("mine");
        },
      },
    });
    await assert.rejects(failing, RangeError);
    assert.equal((await sandbox.run(shell("true"))).status, "ok");
    await assert.rejects(sandbox.run(shell("true"), { trace: { calls: ["opnat"] } }), { code: "invalid-input" });
  });
});
