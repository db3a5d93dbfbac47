import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Workspace } from "../index.ts";
import { operations, performAll } from "../testing/operations.ts";
import { describeTree } from "../testing/tree.ts";
import { proposalOf, temporaryDirectory } from "../testing/world.ts";

/** Instants at which a process is killed; ZTL_KILLS=2000 for a long run. */
const KILLS = Number(process.env.ZTL_KILLS ?? 40);
/** Operations that make a tree, and that change it: enough for some hundred steps. */
const OPERATIONS = 250;

const workspaceModule = new URL("../index.ts", import.meta.url).href;
/** Syncs and undoes one change for ever, having ended first what its predecessor left. */
const SYNCER = `
import { readFileSync, writeSync } from "node:fs";
const { Workspace } = await import(${JSON.stringify(workspaceModule)});
const [directory, proposalFile] = process.argv.slice(1);
const proposal = JSON.parse(readFileSync(proposalFile, "utf8"), (key, value) =>
  value?.type === "Buffer" ? Buffer.from(value.data) : value);
writeSync(1, "r");
const workspace = await Workspace.open({ directory });
// What the predecessor had applied or got approved comes first: then the tree is the old one again.
for (const { id, state } of workspace.list()) {
  if (state === "approved") await workspace.sync(id);
  if (["approved", "applied"].includes(state)) await workspace.undo(id);
}
for (;;) {
  const { id, hash, entries } = await workspace.propose(proposal);
  const protectedFiles = entries.filter((entry) => entry.protectedBecause.length > 0).map(({ path }) => path);
  const steps = [await workspace.approve(id, { hash, reviewer: "r", protectedFiles })];
  writeSync(1, "s");
  steps.push(await workspace.sync(id));
  writeSync(1, "u");
  steps.push(await workspace.undo(id));
  const found = steps.map(({ status }) => status).join();
  if (found !== "approved,applied,undone") throw new Error(JSON.stringify(steps));
  writeSync(1, ".");
}`;

/** What a syncer has come to: it has begun, it syncs, it undoes, it has made a round. */
type Mark = "r" | "s" | "u" | ".";

interface Syncer {
  /** Kills it so long after it came to a mark for the first time; returns how many rounds it had made. */
  kill(mark: Mark, delayMs: number): Promise<number>;
  /** How long its first round takes, and the sync in it. */
  measure(): Promise<{ readonly roundMs: number; readonly syncMs: number }>;
}

function startSyncer(state: string, proposalFile: string): Syncer {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SYNCER, state, proposalFile], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const waiting = new Map<string, () => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    for (const mark of said) waiting.get(mark)?.();
  });
  const ended = once(child, "close");
  const at = async (mark: Mark): Promise<number> => {
    const came = said.includes(mark) || new Promise<void>((resolve) => waiting.set(mark, resolve));
    await Promise.race([came, ended]);
    assert.equal(child.exitCode, null, `it ended by itself: ${complaint}`);
    return performance.now();
  };
  return {
    measure: async () => {
      const [began, sync, undo, round] = await Promise.all([at("r"), at("s"), at("u"), at(".")]);
      return { roundMs: round - began, syncMs: undo - sync };
    },
    kill: async (mark, delayMs) => {
      await at(mark);
      await Promise.race([sleep(delayMs), ended]);
      assert.equal(child.exitCode, null, `it ended by itself: ${complaint}`);
      child.kill("SIGKILL");
      await ended;
      return said.split(".").length - 1;
    },
  };
}

const sample = (seed: number): Parameters<typeof performAll>[1] =>
  fc.sample(fc.array(operations(1), { minLength: OPERATIONS, maxLength: OPERATIONS }), { seed, numRuns: 1 }).flat(2);

test(`a process killed at ${KILLS} random instants of sync, undo and recovery leaves the old tree or the new one`, async (t) => {
  const place = temporaryDirectory(t);
  const world = { host: join(place, "host"), guest: join(place, "guest") };
  const [state, proposalFile] = [join(place, "state"), join(place, "proposal.json")];
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  let kills = 0;
  const hasSeenAll = (): boolean =>
    ["old tree", "new tree"].every((what) => what in counts) &&
    Object.keys(counts).some((what) => what.endsWith("applying"));
  // On a busy machine few instants hit the middle: it goes on for a while until one has.
  const isEnough = (): boolean => kills >= KILLS && (hasSeenAll() || kills >= 5 * KILLS);
  for (let seed = 1; !isEnough(); seed++) {
    for (const old of [world.host, state]) fs.rmSync(old, { recursive: true, force: true });
    fs.mkdirSync(world.host);
    performAll(world.host, sample(seed), "old");
    const trees = { old: describeTree(world.host), new: [] as string[] };
    fs.writeFileSync(
      proposalFile,
      JSON.stringify(proposalOf(world, (guest) => performAll(guest, sample(-seed), "new"))),
    );
    trees.new = describeTree(world.guest);
    // Instants are spread over a round, and every second over its sync, however long this machine takes for one.
    const measured = startSyncer(state, proposalFile);
    const { roundMs, syncMs } = await measured.measure();
    await measured.kill("r", 0);
    for (const until = kills + 20; kills < until && !isEnough(); kills++) {
      // Every third is left half done for the next one, which is killed while it recovers (or soon after).
      const isFollowed = kills % 3 === 0;
      const syncer = startSyncer(state, proposalFile);
      const isAimed = kills % 2 === 0;
      const rounds = await (isAimed
        ? syncer.kill("s", Math.random() * syncMs)
        : syncer.kill("r", Math.random() * roundMs));
      if (rounds > 0) count("killed after a whole round");
      if (isFollowed) {
        kills++;
        await startSyncer(state, proposalFile).kill("r", Math.random() * (roundMs / 4));
      }
      const workspace = await Workspace.open({ directory: state });
      for (const { operation, phase, outcome, leftAlone } of workspace.recovered) {
        count(`${outcome} ${operation} killed when ${phase}`);
        assert.deepEqual(leftAlone, []);
      }
      const latest = workspace.list({ limit: 1 })[0]?.state ?? "pending";
      const expected = latest === "applied" ? "new" : "old";
      assert.deepEqual(describeTree(world.host), trees[expected], `${latest}: the tree is the ${expected} one`);
      count(`${expected} tree`);
      await workspace.close();
    }
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(hasSeenAll(), `no kill hit the middle, or one side of it: ${JSON.stringify(counts)}`);
});
