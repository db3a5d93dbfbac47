import { closeSync, globSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inspect } from "node:util";
import koffi from "koffi";
import { EMULATOR_FAULTS } from "./emulator-faults.ts";
import { GUEST_ROOT, MODULE_DIRECTORY } from "./image.ts";
import { ORDER_FILE, type Outcome, RESULT_PORT } from "./protocol.ts";

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

async function runTests(patterns: readonly string[]): Promise<Outcome> {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: GUEST_ROOT }).sort());
  const outcome = { passed: 0, skipped: 0, failures: [] as string[], emulatorFaults: [] as string[] };
  if (files.length === 0) outcome.failures.push(`no file matches ${patterns.join(" ")}`);
  const events = run({ files: files.map((file) => join(GUEST_ROOT, file)), concurrency: 1 });
  events.on("test:fail", ({ name, file, details }) => {
    // A group fails with its tests, which are told by themselves.
    if ("failureType" in details.error && details.error.failureType === "subtestsFailed") return;
    // Told at once: the report has it only at the end, which may be far or never come.
    process.stdout.write(`FAILED ${name}: ${inspect(details.error.cause ?? details.error)}\n`);
    const place = `${file?.slice(GUEST_ROOT.length + 1)}: ${name}`;
    if (EMULATOR_FAULTS.has(place)) outcome.emulatorFaults.push(place);
    else outcome.failures.push(place);
  });
  events.on("test:summary", ({ file, counts }) => {
    // The summary of all files is the one without a file.
    if (file === undefined) Object.assign(outcome, { passed: counts.passed, skipped: counts.skipped });
  });
  for await (const text of events.compose(new spec())) process.stdout.write(text as string);
  return outcome;
}

async function main(): Promise<Outcome> {
  try {
    loadModules();
    process.chdir(GUEST_ROOT);
    return await runTests(JSON.parse(readFileSync(ORDER_FILE, "utf8")) as string[]);
  } catch (error) {
    return {
      passed: 0,
      skipped: 0,
      emulatorFaults: [],
      failures: [error instanceof Error ? String(error.stack) : String(error)],
    };
  }
}

writeFileSync(RESULT_PORT, `${JSON.stringify(await main())}\n`);
