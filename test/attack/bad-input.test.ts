import assert from "node:assert/strict";
import { readFileSync, realpathSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { RunResult, ToolCall } from "../../src/index.ts";
import { childPids, findProgram } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { exitGroup, staticElf } from "./elf.ts";
import { GRACE_MS, Target } from "./harness.ts";
import { Random } from "./random.ts";

/*
 * What may be thrown at a sandbox. Each call must end with its own clear reason, within its limit and some grace, and
 * the next call must be answered as if nothing had been.
 */
const options = { skip: kvmMissing() };
const SEED = Number(process.env.ZTL_FUZZ_SEED ?? 1);
const MUTATIONS = Number(process.env.ZTL_FUZZ_ROUNDS ?? 1) * 300;

/** Memory that is used up before the time is, on a busy machine, too. */
const LITTLE = { memoryBytes: 128 << 20 };

function assertError(result: RunResult, ...codes: readonly string[]): void {
  assert.ok(result.status === "error", `${result.status} ${result.exitCode} ${result.stderrText}`);
  assert.ok(codes.includes(result.error.code), `${result.error.code}: ${result.error.message}`);
  assert.ok(result.error.message.length > 10 && result.error.message.length < 500, result.error.message);
}

function assertLimit(result: RunResult, limit: string): void {
  const reason = JSON.stringify(result.status === "error" ? result.error : result.stderrText.slice(-300));
  assert.equal(result.status, "limit", `${result.status}: ${reason}`);
  assert.equal(result.status === "limit" && result.limit, limit);
}

describe("programs that are none", options, () => {
  let target: Target;
  before(async () => {
    target = await Target.open();
  });
  after(() => target[Symbol.asyncDispose]());

  const exec = (program: string, args: string[] = []): Promise<RunResult> =>
    target.run({ tool: "exec", program, args, limits: { wallMs: 1000, memoryBytes: 64 << 20 } });

  const refused: [name: string, make: () => string, code: string][] = [
    ["a missing program", () => "/attack/no-such", "program-not-found"],
    ["a missing name", () => "no-such", "program-not-found"],
    ["a path through a file", () => `${target.program("x")}/y`, "program-not-found"],
    ["a path of 100,000 characters", () => `/${"x/".repeat(50_000)}`, "program-not-executable"],
    ["a directory", () => "/attack/directory", "program-not-executable"],
    ["the root", () => "/", "program-not-executable"],
    ["a file without execute permission", () => target.program("#!/bin/sh\n", 0o644), "program-not-executable"],
    ["a device", () => "/dev/null", "program-not-executable"],
    ["an endless device", () => "/dev/zero", "program-not-executable"],
    ["a synthetic file", () => "/proc/meminfo", "program-not-executable"],
    ["an empty file", () => target.program(""), "program-invalid"],
    ["text", () => target.program("hello\n"), "program-invalid"],
    ["an interpreter that does not exist", () => target.program("#!/no/such\n"), "program-not-found"],
    ["an interpreter that is a directory", () => target.program("#!/attack\n"), "program-not-executable"],
    ["an interpreter line without a name", () => target.program("#!\n"), "program-invalid"],
    ["an interpreter line without an end", () => target.program(`#!/${"x".repeat(5000)}`), "program-invalid"],
    ["an interpreter line of nulls", () => target.program(`#!${"\0".repeat(300)}`), "program-invalid"],
  ];
  for (const [name, make, code] of refused) {
    test(name, async () => {
      const result = await exec(make());
      assert.ok(result.status === "error", `${result.status} ${result.exitCode}`);
      assert.equal(result.error.code, code, result.error.message);
      await target.assertGoesOn("exec");
    });
  }

  test("scripts that name each other as their interpreter", async () => {
    const self = target.program("");
    target.overwrite(self, `#!${self}\n`);
    assertError(await exec(self), "program-not-executable");
    const first = target.program("");
    const second = target.program(`#!${first}\n`);
    target.overwrite(first, `#!${second} with an argument\n`);
    assertError(await exec(first), "program-not-executable");
    await target.assertGoesOn("exec");
  });

  test("a symbolic link to itself", async () => {
    const result = await target.run({ tool: "shell", code: "ln -s loop /tmp/loop; exec /tmp/loop" });
    assert.equal(result.exitCode, 126);
    assert.match(result.stderrText, /Too many levels of symbolic links/);
  });

  test("a real program cut off at every interesting length", async () => {
    const whole = readFileSync(realpathSync(findProgram("env") ?? "/usr/bin/env"));
    const cuts = [1, 2, 3, 4, 16, 20, 40, 52, 63, 64, 65, 100, 119, 120, 121, 200, 567, 4095, 4096, 4097, 8192, 16_384];
    for (const length of [...cuts, whole.length >> 1, whole.length - 4097, whole.length - 4096]) {
      const result = await exec(target.program(whole.subarray(0, length)));
      target.assertEndedByItself(result, `cut at ${length}`);
      if (length < 120) assertError(result, "program-invalid");
    }
    await target.assertGoesOn("exec");
  });

  test("a real program and its loader with mutated headers", async () => {
    const dynamic = readFileSync(realpathSync(findProgram("true") ?? "/bin/true"));
    const fixed = staticElf(exitGroup(0));
    const endings: Record<string, number> = {};
    for (let index = 0; index < MUTATIONS; index++) {
      const seed = SEED * 1_000_000 + index;
      const random = new Random(seed);
      const bytes = mutate(Buffer.from(random.below(4) === 0 ? fixed : dynamic), random);
      const result = await exec(target.program(bytes));
      target.assertEndedByItself(result, `mutation with seed ${seed}`);
      const ending = result.status === "error" ? result.error.code : result.status;
      endings[ending] = (endings[ending] ?? 0) + 1;
      if (index % 50 === 0) await target.assertGoesOn("exec");
    }
    // Mutations that are all refused, or all harmless, would show nothing.
    assert.ok((endings["program-invalid"] ?? 0) > 0 && (endings.ok ?? 0) > 0, JSON.stringify(endings));
    await target.assertGoesOn("exec");
  });

  const malicious: Record<string, (file: Buffer) => void> = {
    "segments at the same place": (file) => file.copy(file, 64 + 56, 64, 64 + 56),
    "segments in the wrong order": (file) => file.writeBigUInt64LE(0x10000n, 64 + 56 + 16),
    "memory without end": (file) => file.writeBigUInt64LE(2n ** 46n, 64 + 56 + 40),
    "memory past the address space": (file) => file.writeBigUInt64LE(2n ** 64n - 1n, 64 + 56 + 40),
    "a segment over the VMM's pages": (file) => file.writeBigUInt64LE(0x7fff_f000_0000n, 64 + 56 + 16),
    "a segment over the stack": (file) => file.writeBigUInt64LE(0x7fff_dfff_0000n, 64 + 56 + 16),
    "a segment at address 0": (file) => file.writeBigUInt64LE(0n, 64 + 16),
    "a segment wrapping round": (file) => file.writeBigUInt64LE(2n ** 64n - 4096n, 64 + 56 + 16),
    "an entry outside": (file) => file.writeBigUInt64LE(0x1234_5678n, 24),
    "an entry that is no address": (file) => file.writeBigUInt64LE(0xdead_0000_0000_0000n, 24),
    "an entry in the VMM's stub": (file) => file.writeBigUInt64LE(0x7fff_f000_0000n, 24),
    "headers behind the end": (file) => file.writeBigUInt64LE(2n ** 40n, 32),
    "65535 headers": (file) => file.writeUInt16LE(0xffff, 56),
    "no headers": (file) => file.writeUInt16LE(0, 56),
    "a file offset behind the end": (file) => file.writeBigUInt64LE(2n ** 40n, 64 + 8),
    "more in the file than in memory": (file) => file.writeBigUInt64LE(2n ** 40n, 64 + 32),
    "a loader's name that is too long": (file) => loaderName(file, 4096n, 2n ** 32n),
    "a loader's name of no length": (file) => loaderName(file, 4096n, 0n),
    "a loader's name that never ends": (file) => loaderName(file, 4096n, 8n),
    "a loader's name outside the file": (file) => loaderName(file, 2n ** 41n, 8n),
  };
  test("programs whose headers lie", async () => {
    for (const [name, change] of Object.entries(malicious)) {
      const file = staticElf(exitGroup(0));
      change(file);
      const result = await exec(target.program(file));
      target.assertEndedByItself(result, name);
      // Mapping a lot is allowed, as on Linux; only using it is not.
      if (name !== "memory without end") assert.notEqual(result.status, "ok", name);
    }
    await target.assertGoesOn("exec");
  });

  test("a program that is its own loader", async () => {
    const file = Buffer.concat([staticElf(exitGroup(0)), Buffer.alloc(4096)]);
    const name = target.program("");
    file.write(`${name}\0`, file.length - 4096);
    loaderName(file, BigInt(file.length - 4096), BigInt(name.length + 1));
    target.overwrite(name, file);
    target.assertEndedByItself(await exec(name), "its own loader");
    await target.assertGoesOn("exec");
  });
});

/** Makes the second program header a PT_INTERP (elf.h). */
function loaderName(file: Buffer, offset: bigint, length: bigint): void {
  file.writeUInt32LE(3, 64 + 56);
  file.writeBigUInt64LE(offset, 64 + 56 + 8);
  file.writeBigUInt64LE(length, 64 + 56 + 32);
}

/** Changes a few fields of the ELF header and the program headers to values that have gone wrong elsewhere. */
function mutate(file: Buffer, random: Random): Buffer {
  const values = [
    0n,
    1n,
    7n,
    4095n,
    4096n,
    0x7fff_ffffn,
    0xffff_ffffn,
    2n ** 40n,
    2n ** 46n,
    2n ** 47n,
    2n ** 63n,
    2n ** 64n - 1n,
    0x7fff_f000_0000n,
    0x7fff_e000_0000n,
  ];
  const headersEnd = 64 + 56 * Math.min(file.readUInt16LE(56), 13);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(3) === 0 ? 16 + random.below(48) : 64 + random.below(headersEnd - 64);
    switch (random.below(4)) {
      case 0:
        file[at] = random.below(256);
        break;
      case 1:
        file[at] = (file[at] as number) ^ (1 << random.below(8));
        break;
      case 2:
        file.writeBigUInt64LE(random.pick(values), Math.min(at - (at % 8), headersEnd - 8));
        break;
      default:
        file.writeBigUInt64LE(random.u64(), Math.min(at - (at % 8), headersEnd - 8));
    }
  }
  return file;
}

describe("programs that want everything", options, () => {
  let target: Target;
  before(async () => {
    target = await Target.open({ limits: { memoryBytes: 256 << 20 } });
  });
  after(() => target[Symbol.asyncDispose]());

  const python = (code: string, limits: ToolCall["limits"] = {}): ToolCall => ({ tool: "python", code, limits });
  const shell = (code: string, limits: ToolCall["limits"] = {}): ToolCall => ({ tool: "shell", code, limits });
  const bombs: [name: string, limit: string, call: ToolCall][] = [
    ["an endless loop (wall)", "wall", shell("while :; do :; done", { wallMs: 500 })],
    ["an endless loop (cpu)", "cpu", python("while True: pass", { cpuMs: 500 })],
    ["an endless sleep", "wall", python("import time; time.sleep(1e9)", { wallMs: 500 })],
    ["a stopped process", "wall", shell("kill -STOP $$", { wallMs: 500 })],
    [
      "a loop that ignores every signal",
      "wall",
      python(
        "import signal\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except Exception: pass\nwhile True: pass",
        { wallMs: 500 },
      ),
    ],
    ["a fork bomb of the shell", "processes", shell("bomb() { bomb | bomb & wait; }; bomb", { processes: 30 })],
    ["a fork bomb of Python", "processes", python("import os\nwhile True: os.fork()", { processes: 10 })],
    [
      "a thread bomb",
      "processes",
      python("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()"),
    ],
    ["a bomb of short-lived processes", "wall", shell("while :; do (:); done", { wallMs: 700 })],
    ["a growing bytearray", "memory", python("b = bytearray()\nwhile True: b += b'x' * (1 << 20)")],
    [
      "huge mappings, touched",
      "memory",
      python("import mmap\nm = mmap.mmap(-1, 1 << 40)\nfor at in range(0, 1 << 40, 4096): m[at] = 1", LITTLE),
    ],
    [
      "many mappings, touched",
      "memory",
      python(
        "import mmap\nk = []\nwhile True:\n  k.append(mmap.mmap(-1, 1 << 20)); k[-1][::4096] = b'x' * 256",
        LITTLE,
      ),
    ],
    ["the last lines of a file without lines", "memory", shell("tail /dev/zero", LITTLE)],
    ["endless standard output", "output", shell("yes")],
    ["endless standard error", "output", shell("yes >&2")],
    ["endless output on both", "output", shell("yes & yes >&2")],
    ["open files", "files", python("import os\nwhile True: os.open('/dev/null', 0)", { openFiles: 200 })],
    ["pipes", "files", python("import os\nwhile True: os.pipe()", { openFiles: 200 })],
    ["a big file", "overlay", shell("dd if=/dev/zero of=/tmp/f bs=1M", { overlayBytes: 8 << 20 })],
    [
      "a sparse file, then written",
      "overlay",
      python(
        "f = open('/tmp/f', 'wb', 0)\nf.truncate(1 << 40)\nfor at in range(0, 1 << 40, 1 << 30):\n  f.seek(at); f.write(b'x' * 65536)",
        { overlayBytes: 8 << 20 },
      ),
    ],
    // Names are bounded by their number (src/linux/vfs/budget.ts); time is up long before.
    ["empty files", "wall", python("i = 0\nwhile True: i += 1; open(f'/tmp/{i}', 'w').close()", { wallMs: 1500 })],
    [
      "deep directories",
      "wall",
      python("import os\nos.chdir('/tmp')\nwhile True: os.mkdir('d'); os.chdir('d')", { wallMs: 1500 }),
    ],
    [
      "ended processes that nobody waits for",
      "processes",
      python("import os, time\nwhile True:\n  if os.fork() == 0: os._exit(0)\n  time.sleep(0.005)", { processes: 40 }),
    ],
    [
      "long symbolic links",
      "overlay",
      python("import os\ni = 0\nwhile True: i += 1; os.symlink('x' * 4000, f'/tmp/{i}')", { overlayBytes: 1 << 20 }),
    ],
    [
      "a shared file grown by mapping it",
      "overlay",
      python(
        "import mmap\nf = open('/tmp/f', 'w+b'); f.truncate(64 << 20)\nm = mmap.mmap(f.fileno(), 64 << 20)\nfor at in range(0, 64 << 20, 4096): m[at] = 1\nm.close(); f.close()\nprint(open('/tmp/f', 'rb').read(1))",
        { overlayBytes: 8 << 20 },
      ),
    ],
  ];
  test("a hundred children one after the other, and memory taken and given back, are no bomb", async () => {
    const forks =
      "import os\nfor i in range(100):\n  p = os.fork()\n  if p == 0: os._exit(3)\n  assert os.waitpid(p, 0)[1] == 768\nprint('fine')";
    const churn = "for i in range(100): b = bytearray(16 << 20)\nprint('fine')";
    for (const code of [forks, churn]) {
      assert.equal((await target.run(python(code, { wallMs: 20_000, processes: 4 }))).stdoutText, "fine\n");
    }
  });

  test("recursion without end in the shell overflows its stack, as on Linux", async () => {
    const result = await target.run(shell("f() { f; }; f", { wallMs: 20_000 }));
    assert.equal(result.status === "signaled" && result.signal, "SIGSEGV");
    await target.assertGoesOn("shell");
  });

  for (const [name, limit, call] of bombs) {
    test(`${name} ends at the limit "${limit}"`, async () => {
      const result = await target.run(call);
      assertLimit(result, limit);
      await target.assertGoesOn(call.tool);
    });
  }
});

describe("calls that are too large or not calls", options, () => {
  let target: Target;
  before(async () => {
    target = await Target.open({ limits: { memoryBytes: 256 << 20 } });
  });
  after(() => target[Symbol.asyncDispose]());
  const HUNDRED_MB = 100 * 1000 * 1000;

  test("a 100 MB argument is refused with advice", async () => {
    const argument = "x".repeat(HUNDRED_MB);
    const program = await target.run({ tool: "exec", program: "/bin/echo", args: [argument] });
    assertError(program, "arguments-too-long");
    const code = await target.run({ tool: "shell", code: `: ${argument}` });
    assertError(code, "arguments-too-long");
    const environment = await target.run({ tool: "exec", program: "/bin/true", env: { X: argument } });
    assertError(environment, "arguments-too-long");
    await target.assertGoesOn("exec");
  });

  test("a 100 MB argument or program of Python ends in some clear way", async () => {
    const calls: ToolCall[] = [
      { tool: "python", code: "import sys; print(len(sys.argv[1]))", args: ["x".repeat(HUNDRED_MB)] },
      { tool: "python", code: `x = "${"x".repeat(HUNDRED_MB)}"; print(len(x))` },
    ];
    for (const call of calls) {
      const result = await target.run({ ...call, limits: { wallMs: 20_000 } });
      if (result.status === "ok") assert.equal(result.stdoutText, `${HUNDRED_MB}\n`);
      else if (result.status === "error") assertError(result, "arguments-too-long");
      else assertLimit(result, "memory");
    }
    await target.assertGoesOn("python");
  });

  test("huge standard input arrives whole, or is not read at all", async () => {
    const stdin = Buffer.alloc(HUNDRED_MB, "x");
    const counted = await target.run({ tool: "shell", code: "wc -c", stdin, limits: { wallMs: 20_000 } });
    assert.equal(counted.stdoutText.trim(), String(HUNDRED_MB));
    const ignored = await target.run({ tool: "shell", code: "exit 3", stdin });
    assert.equal(ignored.exitCode, 3);
    await target.assertGoesOn("shell");
  });

  test("many arguments", async () => {
    const few = await target.run({
      tool: "exec",
      program: "/bin/echo",
      args: Array.from({ length: 10_000 }, () => "x"),
    });
    assert.equal(few.stdoutText.length, 20_000);
    const many = Array.from({ length: 1_000_000 }, () => "x");
    assertError(await target.run({ tool: "exec", program: "/bin/echo", args: many }), "arguments-too-long");
  });

  test("a missing working directory", async () => {
    for (const tool of ["python", "shell"] as const) {
      const call = { tool, code: "", cwd: "/no/such" } as const;
      assertError(await target.run(call), "cwd-not-found");
      assertError(await target.run({ ...call, cwd: "/etc/passwd" }), "cwd-not-found");
      await target.assertGoesOn(tool);
    }
  });

  test("what is not a call is refused at once", async () => {
    const wrong: unknown[] = [
      undefined,
      null,
      7,
      "python",
      [],
      {},
      { tool: "ruby", code: "" },
      { tool: "python" },
      { tool: "shell", code: 7 },
      { tool: "shell", code: "a\0b" },
      { tool: "exec", program: "" },
      { tool: "exec", program: "x", args: [1] },
      { tool: "exec", program: "x", env: { "A=B": "c" } },
      { tool: "exec", program: "x", cwd: "relative" },
      { tool: "exec", program: "x", cwd: "/a/../b" },
      { tool: "shell", code: "", limits: { wallMs: -1 } },
      { tool: "shell", code: "", limits: { wallMs: Number.NaN } },
      { tool: "shell", code: "", limits: { wallMs: 1e300 } },
      { tool: "shell", code: "", limits: { processes: 1.5 } },
      { tool: "shell", code: "", limits: { memoryBytes: 1 } },
      { tool: "shell", code: "", limits: { memoryBytes: 2 ** 40 } },
      { tool: "shell", code: "", unknown: 1 },
      { tool: "shell", code: "", limits: { unknown: 1 } },
    ];
    for (const call of wrong) {
      await assert.rejects(target.sandbox.run(call as ToolCall), { name: "ZtlError", code: "invalid-input" });
    }
    await target.assertGoesOn("shell");
  });
});

describe("calls that are cancelled, and cells that die", options, () => {
  const loops = { sleeping: "sleep 60", computing: "while :; do :; done" };

  test("cancelled before, while waiting, while running and after", async () => {
    await using target = await Target.open();
    const before = AbortSignal.abort();
    assert.equal((await target.run({ tool: "shell", code: "echo" }, before)).status, "cancelled");
    for (const code of Object.values(loops)) {
      const controller = new AbortController();
      const calls = [code, code].map((one) => target.run({ tool: "shell", code: one }, controller.signal));
      setTimeout(() => controller.abort(), 150);
      for (const result of await Promise.all(calls)) assert.equal(result.status, "cancelled");
      await target.assertGoesOn("shell");
    }
    const late = new AbortController();
    assert.equal((await target.run({ tool: "shell", code: "exit 3" }, late.signal)).exitCode, 3);
    late.abort();
    await target.assertGoesOn("shell");
  });

  test("cancelled at every moment of a short call: it either ran or was cancelled, and the next one runs", async () => {
    await using target = await Target.open();
    await target.assertGoesOn("python");
    for (let delayUs = 0; delayUs < 4000; delayUs += 100) {
      const controller = new AbortController();
      const running = target.run({ tool: "python", code: "print(1)" }, controller.signal);
      const until = performance.now() + delayUs / 1000;
      while (performance.now() < until) await new Promise(setImmediate);
      controller.abort();
      const result = await running;
      assert.ok(["ok", "cancelled"].includes(result.status), result.status);
      if (result.status === "ok") assert.equal(result.stdoutText, "1\n");
    }
    await target.assertGoesOn("python");
    target.assertNoCellLost();
  });

  for (const [name, code] of Object.entries(loops)) {
    test(`a cell killed while it runs (${name}) is one lost call`, async () => {
      await using target = await Target.open();
      await target.assertGoesOn("shell");
      const running = target.run({ tool: "shell", code });
      setTimeout(() => killOwnCells(), 100);
      assertError(await running, "cell-lost");
      await target.assertGoesOn("shell");
    });
  }

  test("a cell killed while idle costs nothing", async () => {
    await using target = await Target.open();
    for (let round = 0; round < 3; round++) {
      await target.assertGoesOn("shell");
      killOwnCells();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await target.assertGoesOn("shell");
  });

  test("a cell stopped for good is killed after its limit", async () => {
    await using target = await Target.open();
    await target.assertGoesOn("shell");
    const running = target.run({ tool: "shell", code: "sleep 60", limits: { wallMs: 300 } });
    setTimeout(() => signalOwnCells("SIGSTOP"), 100);
    assertLimit(await running, "wall");
    await target.assertGoesOn("shell");
  });

  test("a full queue refuses, and the calls in it are answered", async () => {
    await using target = await Target.open({ queue: 2 });
    await target.assertGoesOn("shell");
    const calls = Array.from({ length: 8 }, () => target.run({ tool: "shell", code: "sleep 0.1; echo x" }));
    const results = await Promise.all(calls);
    const refused = results.filter((result) => result.status === "error" && result.error.code === "queue-full");
    assert.equal(results.filter((result) => result.stdoutText === "x\n").length, 3);
    assert.equal(refused.length, 5);
    await target.assertGoesOn("shell");
  });

  test("closed while calls run and wait: all end, and no process is left", async () => {
    const target = await Target.open();
    await target.assertGoesOn("shell");
    const calls = Array.from({ length: 3 }, () => target.run({ tool: "shell", code: "sleep 60" }));
    const started = performance.now();
    await target.sandbox.close();
    for (const result of await Promise.all(calls)) assertError(result, "closed");
    assert.ok(performance.now() - started < GRACE_MS);
    assert.deepEqual(childPids(), []);
    await assert.rejects(target.sandbox.run({ tool: "shell", code: "" }), { code: "closed" });
    await target[Symbol.asyncDispose]();
  });
});

function signalOwnCells(signal: NodeJS.Signals): void {
  for (const pid of childPids()) process.kill(pid, signal);
}

function killOwnCells(): void {
  signalOwnCells("SIGKILL");
}
