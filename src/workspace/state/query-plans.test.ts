import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { HISTORY_KEPT_MS } from "../limits.ts";
import { pruneSpaces } from "../spaces/space-pruning.ts";
import { commitChange, reviewOf } from "../testing/space.ts";
import { makeWorld } from "../testing/world.ts";

const FILES = 600;

test("no slice of a long list reads or sorts the whole of it", async (t) => {
  const statements = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  t.mock.method(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  });
  const world = await makeWorld(t);
  const { workspace, place } = world;
  const other = await Workspace.open({ directory: join(place, "state") });
  t.after(() => other.close());
  const made = await commitChange(world, (directory) => {
    for (let file = 0; file < FILES; file++) fs.writeFileSync(join(directory, `f${file}`), `${file}`);
  });
  // What another process knows, it brings up to date by what was changed since.
  assert.equal((await other.spaces.view("owner", "agent")).entries.size, FILES);
  const { id, hash, entries } = await reviewOf(world, made);
  const files = entries.slice(1).map(({ path }) => path);
  const approved = await workspace.pending.approve(id, { hash, reviewer: "ann", files });
  const set = approved?.status === "approved" ? approved.changeSet.id : assert.fail(approved?.status);
  assert.equal((await workspace.sync(set)).status, "applied");
  assert.equal((await other.spaces.view("owner", "agent")).entries.size, 1);
  await workspace.undo(set);
  await workspace.redo(set);
  await workspace.pending.reject((await reviewOf(world, made)).id, { reviewer: "ann" });
  const database = new DatabaseSync(join(place, "state", "workspace.sqlite"));
  t.after(() => database.close());
  await pruneSpaces(database, Date.now() + 2 * HISTORY_KEPT_MS);

  const slices = [...statements].filter((sql) => /\bLIMIT (\?|:\w+|\d{2,})/.test(sql));
  assert.ok(slices.length >= 8, slices.join("\n"));
  for (const sql of slices) {
    const plan = prepare.call(database, `EXPLAIN QUERY PLAN ${sql}`).all();
    for (const { detail } of plan) assert.doesNotMatch(String(detail), /^SCAN|TEMP B-TREE/, sql);
  }
});
