import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { ZeroTrustLoop } from "../src/loop/index.ts";
import { talk } from "../src/loop/testing.ts";
import { describeMachine } from "./machine.ts";
import { round, summarise } from "./statistics.ts";

/**
 * `npm run bench:pending`: what a call through the loop costs when its conversation has nothing pending, 50 MB in one file, or 50,000
 * files. The conversations take turns, so that whatever else the machine does befalls all. Each reads a file of the project and lists
 * it; then each also writes one, so that every call makes a version and the next one lies on it.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    calls: { type: "string", default: "200" },
    files: { type: "string", default: "50000" },
  },
});
const CALLS = Number(values.calls);
const FILES = Number(values.files);
const WARMUP = 10;
const FILES_PER_DIRECTORY = 500;
const DIRECTORIES_PER_CALL = 10;

/** What makes them, call by call. */
const PENDING: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  "50 MB": ["open('big', 'wb').write(os.urandom(50 << 20))"],
  [`${FILES} files`]: Array.from(
    { length: Math.ceil(FILES / FILES_PER_DIRECTORY / DIRECTORIES_PER_CALL) },
    (_, call) =>
      `for d in range(${call * DIRECTORIES_PER_CALL}, ${(call + 1) * DIRECTORIES_PER_CALL}):\n` +
      `  os.mkdir(f'd{d}')\n  for f in range(${FILES_PER_DIRECTORY}):\n` +
      "    with open(f'd{d}/f{f}', 'w') as out: out.write(f'file {f} of {d}\\n')",
  ),
};
const READS = "os.listdir('.'); print(open('a.txt').read())";
const KINDS = { reads: () => READS, writes: (call: number) => `${READS}; open('out', 'w').write('${call}')` } as const;

const directory = mkdtempSync(join(tmpdir(), "ztl-bench-pending-"));
mkdirSync(join(directory, "project"));
writeFileSync(join(directory, "project", "a.txt"), "host\n");
const loop = await ZeroTrustLoop.open({
  directory,
  cells: 1,
  config: {
    stateDirectory: "state",
    agents: { bench: { role: "worker" } },
    roles: { worker: { tools: ["python"] } },
    tools: {
      python: {
        template: "python",
        cwd: "/project",
        mounts: [{ host: "project", guest: "/project", mode: "overlay" }],
        // What makes the 50,000 files is a long run on a busy machine.
        limits: { wallMs: 120_000, cpuMs: 120_000 },
      },
    },
  },
});

async function call(conversation: string, code: string): Promise<number> {
  const begun = performance.now();
  const result = await talk(loop, "bench", conversation).call({
    tool: "python",
    input: { code: `import os\n${code}` },
  });
  if (result.status !== "ok") throw new Error(`The call failed: ${result.status} ${result.forModel.text}`);
  return performance.now() - begun;
}

const setUpMs: Record<string, number> = {};
const firstMs: Record<string, number> = {};
const times: Record<string, Record<string, number[]>> = {};
let longestBlockMs: number;
try {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  for (const [name, codes] of Object.entries(PENDING)) {
    for (const code of codes) setUpMs[name] = (setUpMs[name] ?? 0) + (await call(name, code));
    firstMs[name] = await call(name, READS);
  }
  longestBlockMs = delays.max / 1e6;
  for (const [kind, codeOf] of Object.entries(KINDS)) {
    const own: Record<string, number[]> = Object.fromEntries(Object.keys(PENDING).map((name) => [name, []]));
    times[kind] = own;
    for (let i = 0; i < WARMUP + CALLS; i++)
      for (const name of Object.keys(PENDING)) {
        const took = await call(name, codeOf(i));
        if (i >= WARMUP) own[name]?.push(took);
      }
  }
} finally {
  await loop.close();
  rmSync(directory, { recursive: true, force: true });
}

const results = Object.entries(times).flatMap(([kind, own]) => {
  const base = summarise(own.nothing ?? []).p50;
  return Object.entries(own).map(([name, all]) => {
    const { p50, p90 } = summarise(all);
    return { kind, pending: name, p50, p90, timesNothing: round(p50 / base) };
  });
});
if (values.json)
  console.log(JSON.stringify({ machine: describeMachine(), calls: CALLS, results, setUpMs, firstMs, longestBlockMs }));
else {
  console.log(describeMachine());
  console.log(`${CALLS} calls of each kind, in turn (ms)`);
  for (const { kind, pending, p50, p90, timesNothing } of results)
    console.log(`${kind} over ${pending}`.padEnd(26), `p50 ${p50} ms, p90 ${p90} ms, ${timesNothing} times nothing`);
  for (const [name, ms] of Object.entries(setUpMs))
    console.log(`making ${name} took ${round(ms)} ms, the first call over it ${round(firstMs[name] ?? 0)} ms`);
  console.log(`the event loop was held up for at most ${round(longestBlockMs)} ms`);
}
