import { appendFileSync, closeSync, globSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import koffi from "koffi";
import { EMULATOR_FAULTS } from "./emulator-faults.ts";
import { GUEST_ROOT, MODULE_DIRECTORY } from "./image.ts";
import { CLASSES_VARIABLE, ORDER_FILE, type Order, type Outcome, RESULT_PORT } from "./protocol.ts";

/** Runs in the emulated machine, from its init script: loads KVM, runs the tests, and tells the result. */

/** asm/unistd_64.h */
const SYS_FINIT_MODULE = 313;

function loadModules(): void {
  // SAFETY: finit_module(2) reads a NUL-terminated string that koffi keeps for the call; integers travel in registers.
  const syscall = koffi.load("libc.so.6").func("syscall", "long", ["long", "int", "str", "int"]);
  for (const name of readdirSync(MODULE_DIRECTORY).sort()) {
    const fd = openSync(join(MODULE_DIRECTORY, name), "r");
    if (syscall(SYS_FINIT_MODULE, fd, "", 0) !== 0) throw new Error(`cannot load ${name}`);
    closeSync(fd);
  }
}

/** What is known so far; told after every test, because the machine may be ended before the last. */
class Tally {
  #passed = 0;
  #skipped = 0;
  readonly #failures: string[] = [];
  readonly #emulatorFaults: string[] = [];

  pass(isSkipped: boolean): void {
    if (isSkipped) this.#skipped++;
    else this.#passed++;
    this.tell();
  }

  fail(name: string): void {
    (EMULATOR_FAULTS.has(name) ? this.#emulatorFaults : this.#failures).push(name);
    this.tell();
  }

  tell(complete = false): void {
    const outcome: Outcome = {
      complete,
      passed: this.#passed,
      skipped: this.#skipped,
      failures: this.#failures,
      emulatorFaults: this.#emulatorFaults,
    };
    appendFileSync(RESULT_PORT, `${JSON.stringify(outcome)}\n`);
  }
}

async function runTests({ patterns, classes }: Order, tally: Tally): Promise<void> {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: GUEST_ROOT }).sort());
  process.env[CLASSES_VARIABLE] = classes.join(",");
  if (files.length === 0) tally.fail(`no file matches ${patterns.join(" ")}`);
  const startedMs = performance.now();
  const events = run({ files: files.map((file) => join(GUEST_ROOT, file)), concurrency: 1 });
  const told = (name: string, how: string, ms: number): void => {
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    process.stdout.write(`[${minutes} min] ${how} ${name} (${(ms / 1000).toFixed(1)} s)\n`);
  };
  events.on("test:pass", ({ name, details, skip }) => {
    if (details.type === "suite") return;
    const isSkipped = skip !== undefined && skip !== false;
    told(name, isSkipped ? "SKIPPED" : "passed", details.duration_ms);
    tally.pass(isSkipped);
  });
  events.on("test:fail", ({ name, file, details }) => {
    // A group fails with its tests, which are told by themselves.
    if ("failureType" in details.error && details.error.failureType === "subtestsFailed") return;
    told(name, "FAILED", details.duration_ms);
    process.stdout.write(`${inspect(details.error.cause ?? details.error)}\n`);
    tally.fail(`${file?.slice(GUEST_ROOT.length + 1)}: ${name}`);
  });
  events.on("test:diagnostic", ({ message, nesting }) => {
    if (nesting > 0) process.stdout.write(`${message}\n`);
  });
  for (const type of ["test:stdout", "test:stderr"] as const)
    events.on(type, ({ message }) => process.stdout.write(message));
  for await (const _ of events) {
    // The listeners have seen it.
  }
}

const tally = new Tally();
try {
  loadModules();
  process.chdir(GUEST_ROOT);
  await runTests(JSON.parse(readFileSync(ORDER_FILE, "utf8")) as Order, tally);
} catch (error) {
  tally.fail(error instanceof Error ? String(error.stack) : String(error));
}
tally.tell(true);
