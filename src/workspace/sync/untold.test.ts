import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { runKilled } from "../testing/killed.ts";
import { approveAll, makeWorld, proposalOf } from "../testing/world.ts";

const TASKS = [
  { task: "sync", state: "applied", operation: "sync" },
  { task: "undo", state: "undone", operation: "undo" },
  { task: "redo", state: "applied", operation: "redo" },
] as const;

for (const { task, state, operation } of TASKS) {
  test(`${task}: what a killed process did for good is told until somebody has recorded it`, async (t) => {
    const world = await makeWorld(t);
    const { id } = await world.workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, "a"), "x")));
    await approveAll(world.workspace, id);
    const directory = join(world.place, "state");
    const reopened = async (acknowledge: boolean): Promise<readonly string[]> => {
      const workspace = await Workspace.open({ directory });
      const all = workspace.takeRecovered();
      assert.deepEqual(workspace.takeRecovered(), [], "each is told once");
      for (const { attempt } of all) if (acknowledge) await workspace.acknowledge(attempt ?? "");
      await workspace.close();
      return all.map(({ outcome, operation: of, files }) => `${outcome} ${of} ${files?.join()}`);
    };
    // The last call removes what was staged: everything is done, and on record in the journal.
    const calls = { sync: 0, undo: 0, redo: 0 };
    calls[task] = (await runKilled({ directory, task, changeSetId: id, instant: Infinity })) ?? 0;
    const before = { sync: ["sync"], undo: ["sync", "undo"], redo: ["sync", "undo", "redo"] }[task];
    const expected = before.map((one) => `finished ${one} /project/a`);
    assert.equal(world.workspace.find(id)?.state, state);
    assert.deepEqual(await reopened(false), expected);
    assert.deepEqual(await reopened(true), expected, "until it is acknowledged");
    assert.deepEqual(await reopened(true), []);
    assert.ok(expected.at(-1)?.includes(operation));
    assert.ok(calls[task] > 0);
  });
}

test("a process killed while it cleans up is told of once", async (t) => {
  const world = await makeWorld(t);
  const ids: string[] = [];
  for (const name of ["a", "b"]) {
    const { id } = await world.workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, name), "x")));
    await approveAll(world.workspace, id);
    ids.push(id);
  }
  const [whole, killed] = ids as [string, string];
  const directory = join(world.place, "state");
  const calls = (await runKilled({ directory, task: "sync", changeSetId: whole, instant: Infinity })) ?? 0;
  assert.equal(await runKilled({ directory, task: "sync", changeSetId: killed, instant: calls - 1 }), undefined);
  const workspace = await Workspace.open({ directory });
  t.after(() => workspace.close());
  assert.deepEqual(
    workspace.recovered.map(({ changeSetId, outcome }) => [changeSetId, outcome]),
    [
      [whole, "finished"],
      [killed, "finished"],
    ],
  );
});
