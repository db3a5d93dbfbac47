import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
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

test("marks that are yet to be removed hide nothing of what is pending", async (t) => {
  const world = await makeWorld(t);
  const { workspace } = world;
  const database = new DatabaseSync(join(world.place, "state", "workspace.sqlite"));
  t.after(() => database.close());
  for (const outcome of ["applied", "revoked"] as const) {
    const [mine, other] = [`${outcome}-mine`, `${outcome}-other`];
    const committed = await commitChange(
      world,
      (directory) => {
        for (const name of [mine, other]) fs.writeFileSync(join(directory, name), name);
      },
      outcome,
    );
    const { id, hash } = await reviewOf(world, committed);
    const pendingOf = async () => {
      const found = workspace.pending.find(id)?.entryCount;
      assert.equal((await workspace.pending.get(id))?.entries.length, found);
      const listed = workspace.pending.list(10).find((one) => one.id === id)?.entryCount;
      assert.equal(listed, found);
      return found;
    };
    const approved = await workspace.pending.approve(id, { hash, reviewer: "ann", files: [`${GUEST_ROOT}/${mine}`] });
    assert.ok(approved?.status === "approved");
    const set = approved.changeSet.id;
    assert.equal(await pendingOf(), 1, "what is on its way does not wait");
    const marks = database.prepare("SELECT space, path, at FROM taken WHERE change_set = ?").all(set);
    if (outcome === "applied") assert.equal((await workspace.sync(set)).status, "applied");
    else assert.equal((await workspace.revoke(set, { reviewer: "ann" })).status, "rejected");
    const left = outcome === "applied" ? 1 : 2;
    assert.equal(await pendingOf(), left);
    // As they are while they are removed, and as a process leaves them that is killed then.
    for (const { space, path, at } of marks)
      database
        .prepare("INSERT INTO taken (space, path, change_set, at) VALUES (?, ?, ?, ?)")
        .run(...([space, path, set, at] as [string, string, string, number]));
    assert.equal(await pendingOf(), left, outcome);
    const next = await commitChange(world, (directory) => fs.writeFileSync(join(directory, "next"), "n"), outcome);
    assert.equal(next.review?.id, id, "a call's answer says that something waits");
    assert.equal(await pendingOf(), left + 1);
  }
});
