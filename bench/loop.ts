import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ZeroTrustLoop } from "../src/loop/index.ts";
import { talk } from "../src/loop/testing.ts";
import { Sandbox } from "../src/sandbox/index.ts";
import { describeMachine } from "./machine.ts";
import { round, summarise } from "./statistics.ts";

/**
 * `npm run bench:loop`: what the loop (policy, guard, ledger, memory gate) adds to a bare sandbox run of the same call. The two
 * take turns, so that whatever else the machine does befalls both.
 */

const { values } = parseArgs({ options: { json: { type: "boolean" }, calls: { type: "string", default: "500" } } });
const CALLS = Number(values.calls);
/** Until V8 has compiled what is called often: a process that serves agents is past that after its first minute. */
const WARMUP = 300;
/** Prints 4 KB, as a page of text would. */
const CODE = "for i in range(64): print('The quick brown fox jumps over the lazy dog; line %6d of 64' % i)";

const directory = mkdtempSync(join(tmpdir(), "ztl-bench-loop-"));
mkdirSync(join(directory, "project"));

const sandbox = await Sandbox.open({
  mounts: [{ kind: "overlay", host: join(directory, "project"), guest: "/project" }],
  cells: 1,
  prewarm: ["python"],
});
const loop = await ZeroTrustLoop.open({
  directory,
  cells: 1,
  config: {
    stateDirectory: "state",
    agents: { bench: { role: "worker" } },
    roles: { worker: { tools: ["python"] } },
    tools: {
      python: { template: "python", mounts: [{ host: "project", guest: "/project", mode: "overlay" }] },
    },
  },
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function bareRun(): Promise<void> {
  const run = await sandbox.run({ tool: "python", code: CODE });
  if (run.status !== "ok" || run.stdout.length < 3500) throw new Error(`The bare run failed: ${run.status}`);
}

async function wholeCall(): Promise<void> {
  const result = await talk(loop, "bench").call({ tool: "python", input: { code: CODE } });
  if (result.status !== "ok") throw new Error(`The call failed: ${result.status}`);
  // A conversation of its own each time, or it would be full before the end.
  const added = talk(loop, "bench").memory.add(result.forModel, { role: "tool" });
  if (added.status !== "added") throw new Error(`The gate refused: ${added.reason}`);
}

try {
  for (let i = 0; i < WARMUP; i++) for (const work of [bareRun, wholeCall]) await work();
  const bare: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    // Whoever comes second finds warmer caches: take turns at that, too.
    const order =
      i % 2 === 0
        ? ([
            [bare, bareRun],
            [whole, wholeCall],
          ] as const)
        : ([
            [whole, wholeCall],
            [bare, bareRun],
          ] as const);
    for (const [times, work] of order) times.push(await timed(work));
  }
  const overhead = whole.map((time, i) => time - (bare[i] as number));
  const figures = {
    machine: describeMachine(),
    calls: CALLS,
    bareRunMs: summarise(bare),
    wholeCallMs: summarise(whole),
    overheadMs: { ...summarise(overhead), ofMedians: round(summarise(whole).p50 - summarise(bare).p50) },
  };
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else {
    console.log(`${CALLS} calls of each kind in turn, 4 KB of output (ms)`);
    for (const [name, one] of Object.entries({ "bare run": bare, "whole loop": whole, overhead })) {
      const { p50, p99 } = summarise(one);
      console.log(`${name.padEnd(12)} p50 ${p50}  p99 ${p99}`);
    }
  }
} finally {
  await Promise.all([sandbox.close(), loop.close()]);
  rmSync(directory, { recursive: true, force: true });
}
