import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { WorkspaceOptions } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { makeWorld, proposalOf, type World } from "../testing/world.ts";

/** A workspace with a change in each of two directories. */
async function twoRoots(
  t: TestContext,
  options: Partial<WorkspaceOptions> = {},
): Promise<{ world: World; other: string; id: string }> {
  const world = await makeWorld(t, options);
  const other = `${world.host}-other`;
  fs.mkdirSync(other);
  t.after(() => fs.rmSync(other, { recursive: true, force: true }));
  const changes = proposalOf(world, (directory) => fs.writeFileSync(join(directory, "new"), "made")).changes;
  const elsewhere = changes.map(({ pathBytes: _, ...one }) => ({
    ...one,
    path: one.path.replace(GUEST_ROOT, "/other"),
  }));
  const view = await world.workspace.spaces.view("owner", "agent");
  const { review } = await world.workspace.spaces.commit(view, {
    ...{
      runId: "run",
      agent: "agent",
      tool: "shell",
      command: "true",
      labels: [],
      changes: [...changes, ...elsewhere],
    },
    roots: [
      { hostRoot: world.host, guestRoot: GUEST_ROOT },
      { hostRoot: other, guestRoot: "/other" },
    ],
  });
  return { world, other, id: review?.id ?? assert.fail("nothing is pending") };
}

const GONE: Readonly<Record<string, (directory: string) => void>> = {
  removed: () => {},
  "a file now": (directory) => fs.writeFileSync(directory, ""),
  "a link to somewhere else now": (directory) => fs.symlinkSync("/etc", directory),
};

for (const [name, make] of Object.entries(GONE))
  test(`of a directory that is ${name} the changes are shown, and only they cannot be applied`, async (t) => {
    const { world, other, id } = await twoRoots(t);
    const { pending } = world.workspace;
    const shown = await pending.get(id);
    fs.rmSync(other, { recursive: true });
    make(other);
    const now = await pending.get(id);
    assert.deepEqual(now?.entries, shown?.entries, "the same changes under the same names");
    assert.equal(now?.hash, shown?.hash);
    assert.deepEqual(now?.conflicts, [{ path: "/other/new", reason: "root-missing" }]);
    const approved = await pending.approve(id, { hash: now?.hash ?? "", reviewer: "ann" });
    assert.ok(approved?.status === "approved");
    assert.deepEqual(approved.left, [{ path: "/other/new", reason: "root-missing" }]);
    assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
    assert.equal(fs.readFileSync(join(world.host, "new"), "utf8"), "made");

    assert.deepEqual(
      (await pending.get(id))?.entries.map(({ path }) => path),
      ["/other/new"],
      "the rest waits, under its id",
    );
    const again = await pending.approve(id, { hash: pending.find(id)?.hash ?? "", reviewer: "ann" });
    assert.deepEqual(again, { status: "conflict", conflicts: [{ path: "/other/new", reason: "root-missing" }] });
    fs.rmSync(other, { force: true });
    fs.mkdirSync(other);
    const back = await pending.approve(id, { hash: pending.find(id)?.hash ?? "", reviewer: "ann" });
    assert.ok(back?.status === "approved" && back.left === undefined);
    assert.equal((await world.workspace.sync(back.changeSet.id)).status, "applied");
    assert.equal(fs.readFileSync(join(other, "new"), "utf8"), "made");
  });

test("changes in a directory that is gone can be rejected", async (t) => {
  const { world, other, id } = await twoRoots(t);
  fs.rmSync(other, { recursive: true });
  assert.deepEqual(await world.workspace.pending.reject(id, { reviewer: "ann" }), { status: "rejected" });
  assert.equal(world.workspace.pending.find(id), undefined);
  assert.deepEqual(world.workspace.pending.list(10), []);
});

test("changes in a directory that is gone expire, once", async (t) => {
  let now = Date.now();
  const { world, other, id } = await twoRoots(t, { now: () => now });
  fs.rmSync(other, { recursive: true });
  now += 10 * 24 * 3_600_000;
  assert.deepEqual(await world.workspace.pending.expire(), [id]);
  assert.deepEqual(await world.workspace.pending.expire(), []);
  assert.deepEqual(world.workspace.pending.list(10), []);
});
