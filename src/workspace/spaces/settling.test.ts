import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { commitChange, reviewOf } from "../testing/space.ts";
import { makeWorld } from "../testing/world.ts";

test("a workspace that cannot be read keeps nothing of others from the host, nor the next process from opening", async (t) => {
  const world = await makeWorld(t);
  const approved: string[] = [];
  for (const owner of ["damaged", "whole"]) {
    const { id, hash } = await reviewOf(
      world,
      await commitChange(world, (d) => fs.writeFileSync(join(d, owner), owner), owner),
    );
    const result = await world.workspace.pending.approve(id, { hash, reviewer: "ann" });
    approved.push(result?.status === "approved" ? result.changeSet.id : assert.fail(result?.status));
  }
  const [damaged, whole] = approved as [string, string];
  const database = new DatabaseSync(join(world.place, "state", "workspace.sqlite"));
  t.after(() => database.close());
  const isOf = "space IN (SELECT space FROM taken WHERE change_set = ?)";
  assert.equal(database.prepare(`UPDATE space_change SET entry = '{' WHERE ${isOf}`).run(damaged).changes, 1);
  const warnings: string[] = [];
  const warned = (warning: Error): unknown => warning.name === "ZtlWorkspaceWarning" && warnings.push(warning.message);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const takers = (): unknown[] =>
    database
      .prepare("SELECT change_set FROM taken")
      .all()
      .map((row) => row.change_set);

  const open = async (): Promise<Workspace> => {
    // What is known in memory of the other is as it was.
    const workspace = await Workspace.open({ directory: join(world.place, "state") });
    t.after(() => workspace.close());
    return workspace;
  };
  const fresh = await open();
  assert.equal((await fresh.sync(damaged)).status, "applied");
  assert.equal((await fresh.sync(whole)).status, "applied");
  assert.deepEqual(takers(), [damaged]);
  await open();
  assert.equal(fs.readFileSync(join(world.host, "damaged"), "utf8"), "damaged");
  await new Promise(setImmediate);
  assert.equal(warnings.length, 2, "once for each process");
  for (const warning of warnings) assert.match(warning, new RegExp(`^What ${damaged} took`));
});
