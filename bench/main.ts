import { parseArgs } from "node:util";
import { type RunResult, Sandbox } from "../src/index.ts";
import { describeMachine } from "./machine.ts";
import { hasBubblewrap, nativeThroughput, runNative, timeBubblewrap } from "./native.ts";
import { round, type Summary, summarise } from "./statistics.ts";
import { measureWorkloads, WORKLOAD_HEADING, workloadLine } from "./workloads.ts";

/**
 * `npm run bench [-- --json] [--calls N]`: the figures the README quotes.
 * `npm run bench -- --workloads [--json] [--rounds N] [NAME...]`: real work beside native and bubblewrap, with its exits.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    calls: { type: "string" },
    workloads: { type: "boolean" },
    rounds: { type: "string" },
  },
});
const calls = Number(values.calls ?? 1000);

/** Bubblewrap is started once for so many calls, in between them, so that both see the same machine. */
const CALLS_PER_BUBBLEWRAP = 20;
const CPU_ROUNDS = 7;
const WORKLOAD_ROUNDS = 15;
const CPU_BOUND = `
import time
t = time.perf_counter()
n, s = 0, {}
for i in range(600_000):
    n = (n * 1103515245 + 12345) % 2147483648
    s[n % 1000] = s.get(n % 1000, 0) + i
x = sorted(s.values())
print(time.perf_counter() - t)
`;
/** Some 20 ms of computing: the cells' share of a call, so that it is cells that are compared and not this process. */
const WORK = "print(sum(i * i for i in range(300_000)))";

async function expectOk(sandbox: Sandbox, code: string): Promise<RunResult> {
  const run = await sandbox.run({ tool: "python", code });
  if (run.status !== "ok")
    throw new Error(
      `A benchmark call ended ${run.status}: ${run.stderrText}${run.status === "error" ? run.error.message : ""}`,
    );
  return run;
}

interface WarmFigures {
  readonly totalMs: Summary;
  readonly firstInstructionMs: Summary;
  readonly rollbackMs: Summary;
  readonly bubblewrapMs: Summary | undefined;
  /** Bubblewrap's median over ours. */
  readonly timesFaster: number | undefined;
}

async function warmCalls(): Promise<WarmFigures> {
  await using sandbox = await Sandbox.open({ cells: 1, prewarm: ["python"] });
  const bubblewrap = hasBubblewrap();
  const runs: RunResult[] = [];
  const bubblewrapMs: number[] = [];
  // The first calls fill caches of this process and the cell; a pool's calls do not meet them.
  for (let i = 0; i < 50; i++) await expectOk(sandbox, "print(1)");
  for (let i = 0; i < calls; i++) {
    runs.push(await expectOk(sandbox, "print(1)"));
    if (bubblewrap && i % CALLS_PER_BUBBLEWRAP === 0) bubblewrapMs.push(timeBubblewrap("print(1)"));
  }
  const totalMs = summarise(runs.map((run) => run.timingsMs.total));
  const compared = bubblewrap ? summarise(bubblewrapMs) : undefined;
  return {
    totalMs,
    firstInstructionMs: summarise(runs.map((run) => run.timingsMs.start)),
    rollbackMs: summarise(runs.map((run) => run.timingsMs.rollback)),
    bubblewrapMs: compared,
    timesFaster: compared && round(compared.p50 / totalMs.p50),
  };
}

/** Rounds of each kind, in turn: the machine's speed drifts, so only neighbours in time are compared. */
const PARALLEL_ROUNDS = 11;
const CALLS_PER_ROUND = 20;

/** Calls per second with so many calls under way at once, each in a cell of its own. */
async function throughput(sandbox: Sandbox, atOnce: number): Promise<number> {
  const started = performance.now();
  let left = CALLS_PER_ROUND;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await expectOk(sandbox, WORK);
    }),
  );
  return (CALLS_PER_ROUND / (performance.now() - started)) * 1000;
}

interface ParallelFigures {
  /** Calls per second, medians. */
  readonly oneCell: number;
  readonly twoCells: number;
  /** Median of the rounds' ratios. */
  readonly speedup: number;
  /** The same for native processes, in the same rounds: what this machine's processors give to two of anything. */
  readonly nativeSpeedup: number;
}

async function parallelCells(): Promise<ParallelFigures> {
  await using sandbox = await Sandbox.open({ cells: 2, prewarm: ["python"] });
  await throughput(sandbox, 2);
  const one: number[] = [];
  const two: number[] = [];
  const native: number[] = [];
  for (let round = 0; round < PARALLEL_ROUNDS; round++) {
    one.push(await throughput(sandbox, 1));
    two.push(await throughput(sandbox, 2));
    const oneProcess = await nativeThroughput(WORK, CALLS_PER_ROUND / 2, 1);
    native.push((await nativeThroughput(WORK, CALLS_PER_ROUND / 2, 2)) / oneProcess);
  }
  const ratios = two.map((calls, round) => calls / (one[round] as number));
  return {
    oneCell: summarise(one).p50,
    twoCells: summarise(two).p50,
    speedup: summarise(ratios).p50,
    nativeSpeedup: summarise(native).p50,
  };
}

async function cpuBound(): Promise<{ nativeMs: number; guestMs: number; ratio: number }> {
  await using sandbox = await Sandbox.open({ cells: 1, prewarm: ["python"] });
  const native: number[] = [];
  const guest: number[] = [];
  for (let i = 0; i < CPU_ROUNDS; i++) {
    native.push(Number(runNative(CPU_BOUND)) * 1000);
    guest.push(Number((await expectOk(sandbox, CPU_BOUND)).stdoutText) * 1000);
  }
  const nativeMs = summarise(native).p50;
  const guestMs = summarise(guest).p50;
  return { nativeMs, guestMs, ratio: round(guestMs / nativeMs) };
}

function line(name: string, summary: Summary | undefined): string {
  if (summary === undefined) return `${name.padEnd(34)} not measured: no bubblewrap on this host`;
  return `${name.padEnd(34)} p50 ${summary.p50.toFixed(2)} ms   p99 ${summary.p99.toFixed(2)} ms   (${summary.count})`;
}

async function benchWorkloads(): Promise<void> {
  const figures = await measureWorkloads(Number(values.rounds ?? WORKLOAD_ROUNDS), positionals);
  if (values.json) console.log(JSON.stringify({ machine: describeMachine(), workloads: figures }, undefined, 2));
  else console.log([WORKLOAD_HEADING, ...figures.map(workloadLine)].join("\n"));
}

async function benchCalls(): Promise<void> {
  const machine = describeMachine();
  const warm = await warmCalls();
  const parallel = await parallelCells();
  const cpu = await cpuBound();

  if (values.json) {
    console.log(
      JSON.stringify(
        { machine, figures: { warmPython: warm, callsPerSecond: parallel, cpuBoundPython: cpu } },
        undefined,
        2,
      ),
    );
  } else {
    console.log(
      `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}${machine.nested ? ", a virtual machine itself" : ""}`,
    );
    console.log(`KVM: ${machine.kvm}; Node ${machine.node}; ${machine.python}\n`);
    console.log(line("warm Python call, end to end", warm.totalMs));
    console.log(line("  until the first guest instruction", warm.firstInstructionMs));
    console.log(line("  rollback", warm.rollbackMs));
    console.log(line("bubblewrap, same Python and imports", warm.bubblewrapMs));
    if (warm.timesFaster !== undefined)
      console.log(`${"".padEnd(34)} ${warm.timesFaster.toFixed(1)} times slower than a warm call`);
    console.log(
      `calls per second, 20 ms of work each  one cell ${parallel.oneCell}, two cells ${parallel.twoCells}: ${parallel.speedup.toFixed(2)} times (native processes: ${parallel.nativeSpeedup.toFixed(2)})`,
    );
    console.log(
      `CPU-bound Python                    native ${cpu.nativeMs.toFixed(0)} ms, guest ${cpu.guestMs.toFixed(0)} ms: ratio ${cpu.ratio.toFixed(2)}`,
    );
  }
}

await (values.workloads ? benchWorkloads() : benchCalls());
