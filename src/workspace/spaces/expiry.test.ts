import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { Workspace } from "../index.ts";
import { commitChange } from "../testing/space.ts";
import { makeWorld } from "../testing/world.ts";

const DAMAGE: Readonly<Record<string, string>> = {
  "whose entries are no JSON": "UPDATE space_change SET entry = '{' WHERE space = ?",
  "whose entries are something else": "UPDATE space_change SET entry = '[]' WHERE space = ?",
  "whose directories are no list": "UPDATE space SET roots = 'x' WHERE id = ?",
};

for (const [name, damage] of Object.entries(DAMAGE))
  test(`a workspace ${name} keeps no other from expiring, and can still be listed`, async (t) => {
    let now = Date.now();
    const world = await makeWorld(t, { now: () => now });
    const ids: string[] = [];
    for (const owner of ["first", "damaged", "last"]) {
      const { review } = await commitChange(world, (d) => fs.writeFileSync(join(d, owner), owner), owner);
      ids.push(review?.id ?? assert.fail("nothing is pending"));
    }
    const [first, damaged, last] = ids as [string, string, string];
    const database = new DatabaseSync(join(world.place, "state", "workspace.sqlite"));
    const space = database.prepare("SELECT id FROM space WHERE review = ?").get(damaged)?.id;
    assert.equal(database.prepare(damage).run(space as string).changes, 1);
    database.close();
    const { workspace } = world;
    // What is known of it in memory is as it was.
    const fresh = await makeAgain(t, world.place, () => now);
    now += 10 * 24 * 3_600_000;
    const failed: string[] = [];
    const expired = await fresh.pending.expire((review) => failed.push(review));
    assert.deepEqual(new Set(expired), new Set([first, last]));
    assert.deepEqual(failed, [damaged]);
    for (const one of [fresh, workspace]) {
      assert.deepEqual(
        one.queue.waiting().map(({ id }) => id),
        [damaged],
      );
      assert.equal(one.queue.summary(damaged)?.entryCount, 1);
    }
  });

async function makeAgain(t: TestContext, place: string, now: () => number) {
  const workspace = await Workspace.open({ directory: join(place, "state"), now });
  t.after(() => workspace.close());
  return workspace;
}
