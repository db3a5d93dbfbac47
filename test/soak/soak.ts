import { parseArgs } from "node:util";
import { Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { type Footprint, footprint } from "./footprint.ts";
import { type Kind, kindOf } from "./kinds.ts";

/*
 * Many calls of every kind of ending, in a row and in two cells, with cells killed and sandboxes closed in between:
 *
 *     node test/soak/soak.ts --calls 20000 [--json]
 *
 * Afterwards nothing may be left: no process, descriptor, memory file or temporary file, and no memory to speak of.
 */
const { values } = parseArgs({ options: { calls: { type: "string" }, json: { type: "boolean" } } });
const CALLS = Number(values.calls ?? 20_000);
const CELLS = 2;
/** Sandboxes in turn, so that opening and closing is soaked too. */
const SANDBOXES = Math.max(2, Math.min(40, Math.floor(CALLS / 250)));
/** A process that made one sandbox has caches and compiled code; what later ones add must stay within this. */
const HOST_GROWTH_MIB = 40;
/** A cell holds the memory of one guest, at most its limit, and Node. */
const CELL_MIB_MAX = 900;

interface Tally {
  calls: number;
  wrong: string[];
  cellsUsed: Set<number>;
  kills: number;
  lostToKills: number;
  byKind: Map<string, number>;
  totalsMs: number[];
}

const tally: Tally = {
  calls: 0,
  wrong: [],
  cellsUsed: new Set(),
  kills: 0,
  lostToKills: 0,
  byKind: new Map(),
  totalsMs: [],
};
/** Until then a cell may be lost because of a kill that was meant for another call. */
let killedAt = -1;

function disturb(kind: Kind, controller: AbortController): void {
  if (kind.disturbance === "cancel") setTimeout(() => controller.abort(), 5);
  if (kind.disturbance !== "kill") return;
  setTimeout(() => {
    // Which of the cells has this call is not known from outside: all get it.
    killedAt = tally.calls;
    tally.kills++;
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
  }, 10);
}

async function makeCall(sandbox: Sandbox, index: number): Promise<void> {
  const kind = kindOf(index);
  const controller = new AbortController();
  disturb(kind, controller);
  const result = await sandbox.run(kind.call, { signal: controller.signal });
  tally.calls++;
  tally.byKind.set(kind.name, (tally.byKind.get(kind.name) ?? 0) + 1);
  if (kind.name === "ok") tally.totalsMs.push(result.timingsMs.total);
  if (kind.isRight(result)) return;
  const nearKill = killedAt >= 0 && tally.calls - killedAt <= 2 * CELLS + 2;
  const lost = result.status === "error" && ["cell-lost", "cell-start-failed"].includes(result.error.code);
  if (lost && nearKill) tally.lostToKills++;
  else {
    const about = result.status === "error" ? result.error : { stdout: result.stdoutText, stderr: result.stderrText };
    tally.wrong.push(`call ${index} (${kind.name}): ${result.status} ${JSON.stringify(about).slice(0, 500)}`);
  }
}

async function useSandbox(from: number, to: number): Promise<Footprint> {
  await using sandbox = await Sandbox.open({ cells: CELLS, cacheDirectory: TEST_CACHE });
  let next = from;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < to; index = next++) {
      await makeCall(sandbox, index);
      if (index % 50 === 0) for (const pid of childPids()) tally.cellsUsed.add(pid);
    }
  };
  await Promise.all(Array.from({ length: CELLS }, worker));
  return footprint();
}

const started = performance.now();
const share = Math.ceil(CALLS / SANDBOXES);
await useSandbox(0, Math.min(share, 100));
tally.calls = 0;
const before = footprint();
let cellMiB = 0;
let cellDescriptors = 0;
for (let from = 0; from < CALLS; from += share) {
  const busy = await useSandbox(from, Math.min(from + share, CALLS));
  cellMiB = Math.max(cellMiB, ...busy.cells.map((cell) => cell.residentMiB));
  cellDescriptors = Math.max(cellDescriptors, ...busy.cells.map((cell) => cell.descriptors));
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(
    `${String(tally.calls).padStart(6)} calls  ${seconds} s  ${tally.wrong.length} wrong  host ${busy.residentMiB.toFixed(0)} MiB, ` +
      `${busy.descriptors} descriptors  cells ${busy.cells.map((cell) => `${cell.residentMiB.toFixed(0)} MiB/${cell.descriptors}`).join(", ")}\n`,
  );
}
const after = footprint();

const complaints = [...tally.wrong];
if (after.children > 0) complaints.push(`${after.children} processes are left`);
if (after.descriptors > before.descriptors)
  complaints.push(`descriptors: ${before.descriptors} before, ${after.descriptors} after`);
if (after.memoryFiles > before.memoryFiles)
  complaints.push(`memory files: ${before.memoryFiles} before, ${after.memoryFiles} after`);
if (after.leftFiles > before.leftFiles)
  complaints.push(`temporary files: ${before.leftFiles} before, ${after.leftFiles} after`);
if (after.residentMiB > before.residentMiB + HOST_GROWTH_MIB) {
  complaints.push(
    `host memory: ${before.residentMiB.toFixed(0)} MiB before, ${after.residentMiB.toFixed(0)} MiB after`,
  );
}
if (cellMiB > CELL_MIB_MAX) complaints.push(`a cell held ${cellMiB.toFixed(0)} MiB`);

tally.totalsMs.sort((a, b) => a - b);
const percentile = (part: number): number => tally.totalsMs[Math.floor(tally.totalsMs.length * part)] ?? Number.NaN;
const report = {
  calls: tally.calls,
  cells: tally.cellsUsed.size,
  sandboxes: Math.ceil(CALLS / share),
  kills: tally.kills,
  lostToKills: tally.lostToKills,
  seconds: Math.round((performance.now() - started) / 1000),
  byKind: Object.fromEntries(tally.byKind),
  okCallMs: { p50: percentile(0.5), p99: percentile(0.99) },
  hostMiB: { before: before.residentMiB, after: after.residentMiB },
  descriptors: { before: before.descriptors, after: after.descriptors },
  cellMax: { residentMiB: cellMiB, descriptors: cellDescriptors },
  complaints,
};
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`);
process.exitCode = complaints.length > 0 ? 1 : 0;
