import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { openTestLoop } from "../../src/loop/testing.ts";
import { Workspace } from "../../src/workspace/index.ts";
import { runKilled } from "../../src/workspace/testing/killed.ts";
import { approveAll, proposalOf } from "../../src/workspace/testing/world.ts";
import { kvmMissing } from "../kvm.ts";

suite("what is on the host is in the ledger", { skip: kvmMissing() }, () => {
  test("a process killed between the two: the next one records it, once", async (t) => {
    const world = await openTestLoop();
    t.after(() => world[Symbol.asyncDispose]());
    const directory = join(world.directory, "state", "workspace");
    const workspace = await Workspace.open({ directory });
    const trees = { host: world.project, guest: join(world.directory, "guest") };
    const { id, hash } = await workspace.propose(proposalOf(trees, (d) => fs.writeFileSync(join(d, "a"), "x")));
    await approveAll(workspace, id);
    await workspace.close();
    // It comes to an end, and records nothing: as if it had been killed just before.
    assert.notEqual(await runKilled({ directory, task: "undo", changeSetId: id, instant: Infinity }), undefined);
    for (const opening of ["first", "second"]) {
      const loop = await world.again();
      const entries = loop.ledger.query({ runId: "run", limit: 100 }).filter(({ kind }) => kind === "sync");
      const told = entries.map(({ body }) => {
        const { outcome, files, changeSetSha256 } = body as {
          outcome: string;
          files: string[];
          changeSetSha256: string;
        };
        assert.equal(changeSetSha256, hash);
        return `${outcome} ${files.join()}`;
      });
      assert.deepEqual(told, ["applied /project/a", "undone /project/a"], opening);
      await loop.close();
    }
    // What is done and recorded by one process is not recorded again by the next.
    const loop = await world.again();
    assert.equal((await loop.reviews.redo(id, { reviewer: "Alice" })).status, "done");
    assert.equal((await loop.reviews.undo(id, { reviewer: "Alice", files: ["/project/a"] })).status, "done");
    await loop.close();
    const last = await world.again();
    const outcomes = last.ledger
      .query({ runId: "run", limit: 100 })
      .flatMap((entry) => (entry.kind === "sync" ? [entry.body.outcome] : []));
    assert.deepEqual(outcomes, ["applied", "undone", "applied", "undone"]);
  });
});
