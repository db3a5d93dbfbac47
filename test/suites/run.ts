import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Sandbox } from "../../src/index.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { commandOf, cpythonSuite, ENVIRONMENT, SUITE } from "./cpython.ts";
import { type Compared, compare, type Outcomes, parseOutcomes } from "./outcomes.ts";

const HELP = `npm run test:suites [-- [OPTIONS] [MODULE...]]

Runs CPython's regression tests, as the distribution packs them (libpython3.11-testsuite, fetched by apt-get), natively
and in a micro-VM under the same limits, and says of what passes natively what does not pass there. Natively each
module runs on one processor, in a network namespace without a way out, and sees this machine's files read-only.

  MODULE...          only these, such as test_socket; default all but those that need a display
  --seconds N        how long a module may take; default 120
  --directory DIR    where the suite is kept between runs; default a directory of its own that is removed
  --json             one line for each module, and one with the sums

Exit status: 0 everything that passes natively passes; 1 something does not; 2 wrong command line; 3 nothing was tried,
because bwrap, apt-get, python3.11 or /dev/kvm is missing.
`;

/** A wrong command line. */
class UsageError extends Error {}

const MEMORY_BYTES = 1024 * 1024 * 1024;
const OUTPUT_BYTES = 8 * 1024 * 1024;
const OPEN_FILES = 4096;
/** With their threads; tests of queues start hundreds. */
const PROCESSES = 1000;

interface Place {
  readonly directory: string;
  readonly seconds: number;
}

/** As in the micro-VM: one processor, no network but its own, files of this machine that cannot be changed. */
async function runNatively(module: string, { directory, seconds }: Place): Promise<Outcomes> {
  const scratch = mkdtempSync(join(tmpdir(), "ztl-suite-"));
  const walls = [
    ...`--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /home --tmpfs /opt`.split(" "),
    ...["--ro-bind", directory, SUITE, "--bind", scratch, "/home/agent", "--chdir", "/home/agent"],
    ...["--unshare-net", "--unshare-pid", "--unshare-ipc", "--new-session", "--die-with-parent"],
  ];
  const limits = `timeout -k 5 ${seconds} prlimit --nofile=${OPEN_FILES} --core=0 taskset -c 0`.split(" ");
  const child = spawn("bwrap", [...walls, "--", ...limits, ...commandOf(module)], {
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("latin1").on("data", (part: string) => {
    if (text.length < OUTPUT_BYTES) text += part;
  });
  await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  rmSync(scratch, { recursive: true, force: true });
  return parseOutcomes(text);
}

async function runInside(sandbox: Sandbox, module: string): Promise<Outcomes> {
  const [program = "", ...args] = commandOf(module);
  const run = await sandbox.run({ tool: "exec", program, args, env: { ...ENVIRONMENT }, cwd: "/home/agent" });
  return parseOutcomes(Buffer.from(run.stdout).toString("latin1"));
}

function tell(compared: Compared | undefined, module: string, isJson: boolean): void {
  if (isJson) process.stdout.write(`${JSON.stringify(compared ?? { module, untried: "does not end natively" })}\n`);
  else if (compared === undefined) process.stdout.write(`${module}: not tried, it does not come to its end natively\n`);
  else if (compared.lost.length === 0) process.stdout.write(`${module}: ${compared.passed}\n`);
  else {
    process.stdout.write(`${module}: ${compared.passed - compared.lost.length} of ${compared.passed}\n`);
    for (const { name, outcome } of compared.lost) process.stdout.write(`    ${name}: ${outcome}\n`);
  }
}

function summarise(results: readonly Compared[]): Readonly<Record<string, number>> {
  const sum = (of: (result: Compared) => number): number => results.reduce((total, result) => total + of(result), 0);
  return {
    modules: results.length,
    modulesPassed: results.filter(({ lost }) => lost.length === 0).length,
    methods: sum(({ passed }) => passed),
    methodsPassed: sum(({ passed, lost }) => passed - lost.length),
  };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      seconds: { type: "string", default: "120" },
      directory: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seconds = Number(values.seconds);
  if (!(seconds >= 1)) throw new UsageError(`--seconds takes a number from 1 on, not ${values.seconds}`);
  const missing = kvmMissing() || programMissing("bwrap", "apt-get", "dpkg-deb", "python3.11", "prlimit", "taskset");
  if (missing !== false) {
    process.stderr.write(`${missing}\n`);
    return 3;
  }
  const own = values.directory === undefined ? mkdtempSync(join(tmpdir(), "ztl-suites-")) : undefined;
  const cache = own ?? (values.directory as string);
  mkdirSync(cache, { recursive: true });
  try {
    return await runAll(cache, positionals, { seconds, isJson: values.json });
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }
}

async function runAll(
  cache: string,
  wanted: readonly string[],
  { seconds, isJson }: { readonly seconds: number; readonly isJson: boolean },
): Promise<number> {
  const { directory, modules } = cpythonSuite(cache);
  const unknown = wanted.filter((module) => !modules.includes(module));
  if (unknown.length > 0) throw new UsageError(`no such module: ${unknown.join(", ")}`);
  await using sandbox = await Sandbox.open({
    cells: 1,
    mounts: [{ kind: "ro", host: directory, guest: SUITE }],
    limits: {
      ...{ wallMs: seconds * 1000, cpuMs: seconds * 1000, memoryBytes: MEMORY_BYTES },
      ...{ outputBytes: OUTPUT_BYTES, openFiles: OPEN_FILES, processes: PROCESSES },
    },
  });
  const results: Compared[] = [];
  for (const module of wanted.length > 0 ? wanted : modules) {
    const native = await runNatively(module, { directory, seconds });
    const compared = native.isWhole ? compare(module, native, await runInside(sandbox, module)) : undefined;
    tell(compared, module, isJson);
    if (compared !== undefined && compared.passed > 0) results.push(compared);
  }
  const sums = summarise(results);
  process.stdout.write(
    isJson
      ? `${JSON.stringify(sums)}\n`
      : `of what passes natively: ${sums.modulesPassed} of ${sums.modules} modules, ${sums.methodsPassed} of ${sums.methods} methods\n`,
  );
  return sums.methodsPassed === sums.methods ? 0 : 1;
}

function isUsageError(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && /^ERR_PARSE_ARGS/.test(`${error.code}`))
  );
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!isUsageError(error)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
