import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { commitChange, reviewOf } from "../testing/space.ts";
import { makeWorld } from "../testing/world.ts";

/** Enough for the decision to be written in several pieces, between which the other process goes on. */
const FILES = 450;
const ROUNDS = 4;

/** What a person is told who comes second. */
async function toldOf(workspace: Workspace, id: string): Promise<string> {
  return workspace.queue.summary(id)?.state ?? "not found";
}

for (const second of ["approve", "reject"] as const)
  test(`of two processes that decide at once, one is told what the other decided: approve and ${second}`, async (t) => {
    const world = await makeWorld(t);
    const other = await Workspace.open({ directory: join(world.place, "state") });
    t.after(() => other.close());
    for (let round = 0; round < ROUNDS; round++) {
      const committed = await commitChange(world, (d) => {
        for (let i = 0; i < FILES; i++) fs.writeFileSync(join(d, `${round}-${i}`), "x");
      });
      const { id, hash } = await reviewOf(world, committed);
      const options = { hash, reviewer: "r" };
      const late = async () => {
        // At another moment of the first decision in each round.
        for (let i = 0; i < round * 3; i++) await new Promise((resolve) => setImmediate(resolve));
        assert.notEqual(await toldOf(other, id), "not found");
        return await other.pending[second](id, options);
      };
      const results = await Promise.all([world.workspace.pending.approve(id, options), late()]);
      const statuses = results.map((result) => result?.status ?? "decided already").sort();
      assert.ok(statuses.includes("decided already"), `${round}: ${statuses}`);
      assert.equal(
        statuses.filter((status) => status === "approved" || status === "rejected").length,
        1,
        `${statuses}`,
      );
      assert.ok(["approved", "rejected"].includes(await toldOf(other, id)));
      if ((await toldOf(other, id)) === "approved") assert.equal((await other.sync(id)).status, "applied");
    }
  });
