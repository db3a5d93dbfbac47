import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadFuzzer } from "./catalogue.ts";
import { saveFind } from "./find.ts";
import { Random } from "./fuzzer.ts";
import { lastBegun } from "./progress.ts";
import type { WorkerOrder, WorkerReport } from "./worker.ts";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** Kept of what a worker that died had to say. */
const LAST_WORDS_CHARACTERS = 4000;

export interface Session extends Omit<WorkerOrder, "progressPath"> {
  /** An input that takes longer is a find. */
  readonly patienceMs: number;
}

/**
 * Feeds one fuzzer for a while, in a process of its own: an input that kills the process or never ends is a find like
 * any other, and the search goes on behind it.
 */
export async function fuzz(session: Session): Promise<WorkerReport> {
  const scratch = mkdtempSync(join(tmpdir(), "ztl-fuzz-"));
  try {
    const end = performance.now() + session.seconds * 1000;
    const finds: string[] = [];
    let inputs = 0;
    do {
      const order = { ...session, seed: session.seed + inputs, progressPath: join(scratch, "progress") };
      const seconds = Math.max(0.1, (end - performance.now()) / 1000);
      const report = await runWorker({ ...order, seconds }, session.patienceMs);
      inputs += report.inputs;
      finds.push(...report.finds);
    } while (performance.now() < end && finds.length === 0);
    return { inputs, finds };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runWorker(order: WorkerOrder, patienceMs: number): Promise<WorkerReport> {
  const child = spawn(process.execPath, ["--no-warnings", "--expose-gc", WORKER, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, complained] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-LAST_WORDS_CHARACTERS);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complained = (complained + text).slice(-LAST_WORDS_CHARACTERS);
  });
  let [before, isStuck] = [lastBegun(order.progressPath), false];
  const watch = setInterval(() => {
    const now = lastBegun(order.progressPath);
    isStuck = now !== undefined && now === before;
    before = now;
    if (isStuck) child.kill("SIGKILL");
  }, patienceMs);
  const ending = await new Promise<string>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? `exit status ${code}`)),
  );
  clearInterval(watch);
  if (ending === "exit status 0") return JSON.parse(said.trimEnd().split("\n").at(-1) as string) as WorkerReport;
  const reason = isStuck ? `An input took longer than ${patienceMs} ms` : `The process ended: ${ending}`;
  return lost(order, `${reason}\n${complained}`);
}

/** The report of a worker that made none: the input it was at is what ended it. */
async function lost(order: WorkerOrder, reason: string): Promise<WorkerReport> {
  const at = lastBegun(order.progressPath);
  if (at === undefined) throw new Error(`${order.fuzzer} did not come to its first input. ${reason}`);
  const seed = order.seed + at;
  const input = (await loadFuzzer(order.directory, order.fuzzer)).make(new Random(seed));
  return {
    inputs: at + 1,
    finds: [saveFind(order.findsDirectory, { fuzzer: order.fuzzer, seed, input, reason })],
  };
}
