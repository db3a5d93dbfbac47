import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reviewOfChangeSet } from "../src/loop/workspace/change-set-view.ts";
import { type ProposedChange, Workspace } from "../src/workspace/index.ts";
import { describeMachine } from "./machine.ts";

/**
 * `npm run bench:change-sets`: what a call that changed very many files costs on its way to the host, by the clock and in processor time
 * of all threads, and how long the event loop waits for it at most: by the clock, and by the processor time of this thread, which other
 * programs do not lengthen. With `--longest MS` it fails when that is longer.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    files: { type: "string", default: "50000" },
    longest: { type: "string", default: "Infinity" },
  },
});
const FILES = Number(values.files);
const FILES_PER_DIRECTORY = 500;
const TICK_MS = 5;

interface Step {
  readonly step: string;
  readonly totalMs: number;
  readonly processorMs: number;
  readonly longestWaitMs: number;
  readonly longestBusyMs: number;
}
const steps: Step[] = [];

async function measure<T>(step: string, work: () => Promise<T>): Promise<T> {
  let [longestWaitMs, longestBusyMs] = [0, 0];
  let [at, busy] = [performance.now(), process.threadCpuUsage()];
  const tick = (): void => {
    const spent = process.threadCpuUsage(busy);
    longestWaitMs = Math.max(longestWaitMs, performance.now() - at - TICK_MS);
    longestBusyMs = Math.max(longestBusyMs, (spent.user + spent.system) / 1000);
    [at, busy] = [performance.now(), process.threadCpuUsage()];
  };
  const timer = setInterval(tick, TICK_MS);
  const [begun, processor] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const totalMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(processor);
  tick();
  clearInterval(timer);
  steps.push({ step, totalMs, processorMs: (user + system) / 1000, longestWaitMs, longestBusyMs });
  return result;
}

function expect(isSo: boolean, what: unknown): asserts isSo {
  if (!isSo) throw new Error(JSON.stringify(what)?.slice(0, 500));
}

const directory = mkdtempSync(join(tmpdir(), "ztl-bench-change-sets-"));
const project = join(directory, "project");
mkdirSync(project);
const changes: ProposedChange[] = [];
for (let number = 0; number < FILES; number++) {
  const folder = `/project/d${Math.floor(number / FILES_PER_DIRECTORY)}`;
  if (number % FILES_PER_DIRECTORY === 0)
    changes.push({ path: folder, kind: "add", fileType: "directory", mode: 0o755 });
  const content = Buffer.from(`content ${number % 1000}\n`);
  changes.push({ path: `${folder}/f${number}`, kind: "add", fileType: "file", mode: 0o644, content });
}
const workspace = await Workspace.open({ directory: join(directory, "state") });
try {
  const seen = await workspace.spaces.view("bench", "agent");
  const by = { runId: "run", agent: "agent", tool: "shell", command: "npm install", labels: [] };
  const roots = [{ hostRoot: project, guestRoot: "/project" }];
  const made = await measure("answer", () => workspace.spaces.commit(seen, { ...by, roots, changes }));
  const { review } = made;
  expect(review !== undefined, made);
  const { id, hash } = review;
  const shown = await measure("review", () => workspace.pending.get(id));
  const protectedFiles = (shown?.entries ?? []).flatMap(({ path, protectedBecause }) =>
    protectedBecause.length > 0 ? [path] : [],
  );
  await measure("one diff", () => workspace.diff(id, "/project/d0/f1"));
  const approved = await measure("approve", () =>
    workspace.pending.approve(id, { hash, reviewer: "bench", protectedFiles }),
  );
  expect(approved?.status === "approved", approved);
  const set = approved.changeSet.id;
  const synced = await measure("apply", () => workspace.sync(set));
  expect(synced.status === "applied", synced);
  // Of all but one, so that each file is told to be as it is.
  const most = changes
    .flatMap(({ path, kind, fileType }) => (fileType === "file" && kind === "add" ? [path] : []))
    .slice(1);
  const partly = await measure("undo most", () => workspace.undo(set, most));
  expect(partly.status === "undone", partly);
  const applied = await workspace.get(set);
  expect(applied !== undefined, applied);
  const view = await measure("view", () => reviewOfChangeSet(applied));
  expect(
    view.kind === "change-set" && view.files.filter(({ now }) => now === "undone").length === most.length,
    view.id,
  );
  const undone = await measure("undo", () => workspace.undo(set));
  expect(undone.status === "undone", undone);
} finally {
  await workspace.close();
  rmSync(directory, { recursive: true });
}

if (values.json)
  process.stdout.write(`${JSON.stringify({ machine: describeMachine(), files: FILES, steps }, null, 2)}\n`);
else {
  process.stdout.write(
    `${FILES} files; by the clock, in processor time, the event loop's longest wait and longest work without a break, in ms\n`,
  );
  for (const { step, totalMs, processorMs, longestWaitMs, longestBusyMs } of steps) {
    const figures = [totalMs, processorMs, longestWaitMs, longestBusyMs]
      .map((ms) => ms.toFixed(0).padStart(8))
      .join("");
    process.stdout.write(`  ${step.padEnd(10)}${figures}\n`);
  }
}
expect(
  steps.every(({ longestBusyMs }) => longestBusyMs <= Number(values.longest)),
  `longer than ${values.longest} ms without a break`,
);
