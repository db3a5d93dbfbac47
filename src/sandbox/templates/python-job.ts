import { randomFillSync } from "node:crypto";

/** What the guest's runner (guest/python_runner.py) is told to do; see there. */
export interface PythonJob {
  /** Source text, or undefined to run the file `argv[0]`. */
  readonly code: string | undefined;
  /** `sys.argv`: ["-c", …] for code, [path, …] for a file, ["-", …] for code from stdin. */
  readonly argv: readonly string[];
  readonly filename: string;
  /** Directory to change to, or undefined to stay where the template is. */
  readonly cwd: string | undefined;
  readonly env: EnvironmentChange;
}

/** How a call's environment differs from the template's. */
export interface EnvironmentChange {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** What turns the environment `from` into `to`. */
export function environmentChange(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): EnvironmentChange {
  const set = Object.entries(to).filter(([name, value]) => from[name] !== value);
  return { set: Object.fromEntries(set), unset: Object.keys(from).filter((name) => !(name in to)) };
}

/** 256 bits: `random.seed` takes any size, numpy takes eight 32-bit words. */
const SEED_BYTES = 32;
/** Drawn at once. Asking for random bytes takes longer than making the rest of a job, however few they are. */
const SEEDS = 64;

const seeds = Buffer.alloc(SEEDS * SEED_BYTES);
let nextSeed = seeds.length;

/** Each is handed out once, and not kept here. */
function freshSeed(): string {
  if (nextSeed === seeds.length) {
    randomFillSync(seeds);
    nextSeed = 0;
  }
  const end = nextSeed + SEED_BYTES;
  const seed = seeds.toString("hex", nextSeed, end);
  seeds.fill(0, nextSeed, end);
  nextSeed = end;
  return seed;
}

/** The job as the runner reads it: u32 LE length, then JSON. `seed` is given in hex; by default it is fresh. */
export function encodePythonJob(job: PythonJob, seed = freshSeed()): Uint8Array {
  const json = Buffer.from(
    JSON.stringify({
      code: job.code ?? null,
      file: job.code === undefined,
      filename: job.filename,
      argv: job.argv,
      cwd: job.cwd ?? null,
      set: job.env.set,
      unset: job.env.unset,
      seed,
    }),
  );
  const bytes = Buffer.allocUnsafe(4 + json.length);
  bytes.writeUInt32LE(json.length, 0);
  json.copy(bytes, 4);
  return bytes;
}

/** Where the runner is mounted in the guest. */
export const PYTHON_RUNNER_PATH = "/run/ztl/python_runner.py";

/** Imported before the template is sealed: what tool calls import most, from the standard library only. */
export const DEFAULT_PRELOAD: readonly string[] = [
  ...["ast", "base64", "bisect", "calendar", "collections", "contextlib", "copy", "csv", "dataclasses", "datetime"],
  ...["decimal", "difflib", "enum", "fnmatch", "fractions", "functools", "glob", "hashlib", "heapq", "html", "inspect"],
  ...["io", "itertools", "json", "math", "operator", "os", "pathlib", "pprint", "random", "re", "shutil", "statistics"],
  ...["string", "struct", "subprocess", "sys", "tempfile", "textwrap", "threading", "time", "traceback", "typing"],
  ...["unicodedata", "urllib.parse", "warnings", "zlib"],
];

/**
 * The program text for `python3 -c`. It leaves nothing behind in `__main__`: the name `ztl` is deleted before the job
 * runs, and unpacking keeps the rest on the interpreter's stack. The job then runs one frame deep.
 */
export function pythonBootstrap(preload: readonly string[], runnerPath = PYTHON_RUNNER_PATH): string {
  const path = JSON.stringify(runnerPath);
  return [
    `ztl = {"__name__": "ztl", "preload": ${JSON.stringify(preload)}}`,
    `exec(compile(open(${path}, encoding="utf-8").read(), ${path}, "exec"), ztl)`,
    `with ztl["session"]: exec(*ztl["session"])`,
  ].join("\n");
}
