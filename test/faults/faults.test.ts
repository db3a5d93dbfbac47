import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LinuxError } from "../../src/linux/errno.ts";
import { Config, type GuestEnding, Kernel } from "../../src/linux/index.ts";
import { DEFAULT_LIMITS } from "../../src/linux/limits.ts";
import type { Call } from "../../src/linux/syscalls/call.ts";
import { syscallNumbers } from "../../src/linux/syscalls/names.ts";
import { standingOf } from "../../src/linux/syscalls/table.ts";
import { Machine } from "../../src/vmm/index.ts";
import { compile, compilerMissing, workshop } from "../conformance/harness.ts";
import { kvmMissing } from "../kvm.ts";

/**
 * Something goes wrong in the answer to a system call: an errno is thrown wherever its handler first asks for something, or
 * the handler has a mistake of ours in it. The first is the call's result; the other ends the run, and what was written stays.
 */

/** What the program says before and after the calls that are to fail. */
const MARK = 5000;
const EIO = 5;

interface Faults {
  readonly fault: () => unknown;
  /** Calls whose handler asked for something, and so met the fault. */
  readonly met: Set<number>;
}

/** A call that throws when its handler asks it for anything. The dispatcher itself looks at the number, and once at the task. */
function faulty(call: Call, { fault, met }: Faults): Call {
  let looks = 0;
  return new Proxy(call, {
    get(target, key) {
      if (key === "number" || met.has(target.number)) return Reflect.get(target, key, target);
      if (key === "task" && looks++ === 0) return target.task;
      met.add(target.number);
      throw fault();
    },
  });
}

describe("faults in system calls", { skip: kvmMissing() || compilerMissing }, () => {
  let shop: ReturnType<typeof workshop>;
  let program: string;
  const perform = Kernel.prototype.perform;
  before(() => {
    shop = workshop();
    program = compile(shop.directory, "calls", "cc", ["-static"], import.meta.dirname);
  });
  after(() => {
    Kernel.prototype.perform = perform;
    shop.remove();
  });

  /** Runs the program with the fault in all calls between its marks. */
  function run(faults: Faults, ...args: string[]): { kernel: Kernel; stdout: string; ending: GuestEnding | Error } {
    let isArmed = false;
    Kernel.prototype.perform = function (task, call) {
      if (call.number === MARK) isArmed = !isArmed;
      perform.call(this, task, isArmed && call.number !== MARK ? faulty(call, faults) : call);
    };
    const bin = join(shop.directory, "bin");
    const config = new Config({
      mounts: [{ guest: bin, kind: "ro", host: bin }],
      hostname: "guest",
      uid: 1000,
      gid: 1000,
    });
    const machine = Machine.create({ memoryBytes: 48 << 20 });
    try {
      const limits = { ...DEFAULT_LIMITS, wallMs: 20_000, memoryBytes: 16 << 20 };
      const kernel = Kernel.boot(machine, config, { limits });
      kernel.spawn({ path: program, argv: [program, ...args], env: {}, cwd: "/" });
      let ending: GuestEnding | Error;
      try {
        ending = kernel.run({ poll: () => "continue" });
      } catch (error) {
        ending = error as Error;
      }
      const text = kernel.output.stdout.toString() + kernel.output.stderr.toString();
      // What is gathered at the end of a run can be gathered after a failure, too.
      assert.ok(Array.isArray(kernel.collectChanges()) && Array.isArray(kernel.collectReads()));
      return { kernel, stdout: text, ending };
    } finally {
      machine.close();
      config.close();
    }
  }

  const answered = syscallNumbers().filter(([, name]) => standingOf(name) !== undefined);

  test("an errno thrown in any handler is the result of its call", () => {
    const faults = { fault: () => new LinuxError("EIO"), met: new Set<number>() };
    const { stdout, ending } = run(faults);
    assert.deepEqual(ending, { kind: "exited", code: 0 });
    const results = stdout.trimEnd().split("\n").map(Number);
    for (const [number, name] of answered) if (faults.met.has(number)) assert.equal(results[number], -EIO, name);
    assert.ok(faults.met.size > 200, `${faults.met.size} handlers asked for something`);
  });

  test("a mistake in any handler ends the run, which keeps its output and names the call", () => {
    const probe = { fault: () => new LinuxError("EIO"), met: new Set<number>() };
    run(probe);
    for (const [number, name] of answered.filter(([one]) => probe.met.has(one))) {
      const { kernel, stdout, ending } = run({ fault: () => new TypeError("ours"), met: new Set() }, String(number));
      assert.ok(ending instanceof TypeError, name);
      assert.equal(stdout, "before\nerror\n", name);
      assert.match(kernel.diagnostics.failedIn ?? "", new RegExp(`^${name} of process \\d+$`));
    }
  });
});
