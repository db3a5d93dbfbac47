import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Workspace } from "../index.ts";
import { operations, performAll } from "../testing/operations.ts";
import { describeTree } from "../testing/tree.ts";
import { carryOut, proposalOf } from "../testing/world.ts";

const RUNS = Number(process.env.ZTL_RUNS ?? 150);

test("any change of any tree is synced exactly, and undone exactly", async (t) => {
  const place = mkdtempSync(join(tmpdir(), "ztl-workspace-"));
  const workspace = await Workspace.open({ directory: join(place, "state") });
  t.after(async () => {
    await workspace.close();
    rmSync(place, { recursive: true, force: true });
  });
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(operations(25), operations(15), async (before, after) => {
      const world = { place, host: join(place, "host"), guest: join(place, "guest"), workspace };
      rmSync(world.host, { recursive: true, force: true });
      mkdirSync(world.host);
      performAll(world.host, before, "before");
      const old = describeTree(world.host);
      const { changes } = proposalOf(world, (directory) => performAll(directory, after, "after"));
      if (changes.length === 0) return;
      changed++;
      const id = await carryOut(world, (directory) => performAll(directory, after, "after"));
      assert.deepEqual(describeTree(world.host), describeTree(world.guest));
      const undone = await workspace.undo(id);
      assert.deepEqual(undone.status, "undone", JSON.stringify(undone));
      assert.deepEqual(describeTree(world.host), old);
    }),
    { numRuns: RUNS },
  );
  assert.ok(changed > RUNS / 2, `only ${changed} of ${RUNS} changed anything`);
});
