import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobFiles } from "../../base/blob-files.ts";
import { Housekeeping, type HousekeepingParts } from "../housekeeping.ts";
import { CUT_MS_MAX, HISTORY_KEPT_MS, TIDY_AFTER_BYTES } from "../limits.ts";
import { ChangeSets } from "../state/change-sets.ts";
import { WORKSPACE_REFUSAL } from "../state/database.ts";
import { commitChange, commitChanges, reviewOf } from "../testing/space.ts";
import { makeWorld, type World } from "../testing/world.ts";
import { pruneSpaces } from "./space-pruning.ts";
import { SpaceStore } from "./space-store.ts";

const DAY_MS = 24 * 3600 * 1000;
const PATIENCE_MS = 30_000;

function databaseOf(t: TestContext, { place }: World): DatabaseSync {
  const database = new DatabaseSync(join(place, "state", "workspace.sqlite"));
  t.after(() => database.close());
  return database;
}

function partsOf(database: DatabaseSync, { place }: World): Omit<HousekeepingParts, "now"> {
  const directory = join(place, "state", "contents");
  const blobs = new BlobFiles({ directory, access: "write", bytesMax: 1000, refusal: WORKSPACE_REFUSAL });
  return { database, blobs, sets: new ChangeSets(database), store: new SpaceStore(database) };
}

function rowsOf(database: DatabaseSync, space: string): Record<string, number> {
  return Object.fromEntries(
    ["space_commit", "space_change", "space_content"].map((table) => [
      table,
      Number(database.prepare(`SELECT count(*) AS n FROM ${table} WHERE space = ?`).get(space)?.n),
    ]),
  );
}

test("a workspace in which nothing has been pending for long is forgotten; its owner gets a new one", async (t) => {
  let now = Date.now();
  const world = await makeWorld(t, { now: () => now });
  const { workspace } = world;
  const database = databaseOf(t, world);
  const [idle, pending] = [
    await commitChange(world, (d) => fs.writeFileSync(join(d, "a"), "idle"), "idle"),
    await commitChange(world, (d) => fs.writeFileSync(join(d, "b"), "pending"), "pending"),
  ];
  await workspace.pending.reject(idle.review?.id ?? "", { reviewer: "ann" });
  const before = rowsOf(database, pending.spaceId);
  now += HISTORY_KEPT_MS;
  await pruneSpaces(database, now);
  assert.equal(rowsOf(database, idle.spaceId).space_commit, 2, "not before its time");
  now += 2 * DAY_MS;
  await pruneSpaces(database, now);
  assert.deepEqual(rowsOf(database, idle.spaceId), { space_commit: 0, space_change: 0, space_content: 0 });
  await assert.rejects(workspace.spaces.viewAt(idle.spaceId, idle.version), { code: "unknown-workspace" });
  assert.deepEqual(rowsOf(database, pending.spaceId), before);
  assert.equal((await reviewOf(world, pending)).entryCount, 1);
  const again = await workspace.spaces.view("idle", "agent");
  assert.notEqual(again.spaceId, idle.spaceId);
  // Whoever has come back to it is not surprised by another process that forgets it.
  now += HISTORY_KEPT_MS + 2 * DAY_MS;
  const seen = await workspace.spaces.view("idle", "agent");
  await pruneSpaces(database, now);
  assert.deepEqual(await workspace.spaces.view("idle", "agent"), seen);
});

test("versions that are kept are what they were, others are told to be gone, and so are their contents", async (t) => {
  let now = Date.now();
  const world = await makeWorld(t, { now: () => now });
  const database = databaseOf(t, world);
  const versions: { spaceId: string; version: number; at: number; entries: unknown }[] = [];
  for (let round = 0; round < 25; round++) {
    const made = await commitChange(world, (d) => {
      for (let file = 0; file < 6; file++)
        if ((round * 7 + file * 5) % 4 < 2) fs.writeFileSync(join(d, `f${file}`), `round ${round} of ${file}`);
    });
    // Every few rounds a person says no to one of the files.
    if (round % 4 === 3) {
      const review = await reviewOf(world, made);
      await world.workspace.pending.reject(review.id, { reviewer: "ann", files: [review.entries[0]?.path ?? ""] });
    }
    const view = await world.workspace.spaces.view("owner", "agent");
    versions.push({ ...view, at: now });
    now += 3 * DAY_MS;
  }
  await pruneSpaces(database, now);
  const cutoff = now - HISTORY_KEPT_MS;
  // What somebody had 30 days ago is a version that was made before.
  const oldest = versions.filter(({ at }) => at < cutoff).at(-1)?.version ?? 0;
  const kept = { gone: 0, there: 0 };
  for (const { spaceId, version, entries } of versions) {
    if (version < oldest) {
      await assert.rejects(world.workspace.spaces.viewAt(spaceId, version), { code: "unknown-workspace" });
      kept.gone++;
    } else {
      const view = await world.workspace.spaces.viewAt(spaceId, version);
      assert.deepEqual(new Map([...view.entries].sort()), new Map([...(entries as typeof view.entries)].sort()));
      kept.there++;
    }
  }
  assert.ok(kept.gone > 5 && kept.there > 5, JSON.stringify(kept));
  const changes = database.prepare("SELECT entry FROM space_change WHERE entry IS NOT NULL").all();
  const named = changes.map(({ entry }) => JSON.parse(String(entry)).after.sha256);
  const marked = database.prepare("SELECT sha256 FROM space_content").all();
  assert.deepEqual(new Set(marked.map(({ sha256 }) => sha256)), new Set(named));
});

test("versions gone by are kept up to a bound in bytes, the last ones; what is pending is never part of it", async (t) => {
  const world = await makeWorld(t);
  const database = databaseOf(t, world);
  const views: { spaceId: string; version: number }[] = [];
  for (let round = 0; round < 10; round++) {
    await commitChange(world, (d) => {
      fs.writeFileSync(join(d, "again"), `${round}`.repeat(100));
      // What is written once more, or only renamed, takes no more room.
      fs.writeFileSync(join(d, "same"), "s".repeat(1000));
    });
    views.push(await world.workspace.spaces.view("owner", "agent"));
  }
  const head = await world.workspace.spaces.view("owner", "agent");
  const contents = (): number => rowsOf(database, head.spaceId).space_content ?? 0;
  assert.equal(contents(), 11);
  await pruneSpaces(database, Date.now(), 1_900);
  assert.equal(contents(), 11, "1,000 bytes and nine times 100 are within it");
  await pruneSpaces(database, Date.now(), 350);
  // Those after the oldest that is kept brought 300 bytes.
  const gone = views.slice(0, -4);
  for (const { spaceId, version } of gone)
    await assert.rejects(world.workspace.spaces.viewAt(spaceId, version), { code: "unknown-workspace" });
  for (const { spaceId, version } of views.slice(-4))
    assert.equal((await world.workspace.spaces.viewAt(spaceId, version)).entries.size, 2);
  assert.equal(contents(), 5);
  await pruneSpaces(database, Date.now(), 0);
  assert.equal(contents(), 2);
  assert.deepEqual((await world.workspace.spaces.view("owner", "agent")).entries, head.entries);
  const made = await commitChange(world, (d) => fs.writeFileSync(join(d, "again"), "and again"));
  assert.equal((await reviewOf(world, made)).entryCount, 2, "the call goes on from what was there");
});

test("a workspace that stays open forgets, too: after an hour, or when much was written", async (t) => {
  let now = Date.now();
  const world = await makeWorld(t, { now: () => now });
  const database = databaseOf(t, world);
  const write = async (name: string): Promise<void> => {
    const made = await commitChange(world, (d) => fs.writeFileSync(join(d, "f"), name), name);
    await world.workspace.pending.reject(made.review?.id ?? "", { reviewer: "ann" });
  };
  const spaces = (): number => Number(database.prepare("SELECT count(*) AS n FROM space").get()?.n);
  await write("old");
  now += HISTORY_KEPT_MS + 2 * DAY_MS;
  await write("new");
  for (const endAt = Date.now() + PATIENCE_MS; spaces() > 1 && Date.now() < endAt; ) await sleep(10);
  assert.equal(spaces(), 1);

  now += HISTORY_KEPT_MS + 2 * DAY_MS;
  const housekeeping = new Housekeeping({ ...partsOf(database, world), now: () => now });
  housekeeping.wrote(TIDY_AFTER_BYTES - 1);
  await housekeeping.settled();
  assert.equal(spaces(), 1, "not before so much was written");
  housekeeping.wrote(1);
  await housekeeping.settled();
  assert.equal(spaces(), 0);
});

test("what a process had begun that was killed, or stopped for too long, is given up as a whole", async (t) => {
  const now = Date.now() - 2 * CUT_MS_MAX;
  const world = await makeWorld(t, { now: () => now });
  const database = databaseOf(t, world);
  const content = Buffer.from("x");
  const changes = Array.from({ length: 3000 }, (_, i) => {
    return { path: `/project/f${i}`, kind: "add" as const, fileType: "file" as const, mode: 0o644, content };
  });
  const isBegun = database.prepare("SELECT 1 FROM space_commit WHERE published = 0");
  const commit = commitChanges(world, changes);
  const refused = assert.rejects(commit, { code: "workspace-interrupted" });
  while (isBegun.get() === undefined) await new Promise((resolve) => setImmediate(resolve));
  await pruneSpaces(database, Date.now());
  await refused;
  await pruneSpaces(database, Date.now());
  const { spaceId } = await world.workspace.spaces.view("owner", "agent");
  assert.equal(database.prepare("SELECT count(*) AS n FROM space_commit").get()?.n, 0);
  assert.equal((await commitChanges(world, changes)).review !== undefined, true);
  assert.equal(rowsOf(database, spaceId).space_change, 3000);
});
