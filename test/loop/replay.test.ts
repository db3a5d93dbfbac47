import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { REPLAY_PROGRAMS } from "./replay-programs.ts";

/** Every program is recorded by one loop and replayed by another, as another process on another day would. */
suite("replay", { skip: kvmMissing() }, () => {
  let world: TestLoop;
  const recorded = new Map<string, string>();

  before(async () => {
    world = await openTestLoop();
    writeFileSync(join(world.project, "data.txt"), "one\ntwo\nthree\n");
    writeFileSync(join(world.project, "numbers.csv"), "a,b\n1,2\n");
  });
  after(async () => world[Symbol.asyncDispose]());

  test("there are programs enough", () => assert.ok(Object.keys(REPLAY_PROGRAMS).length >= 50));

  for (const [name, { tool, code, needs = [] }] of Object.entries(REPLAY_PROGRAMS)) {
    test(`${name} is the same again`, { skip: programMissing(...needs) }, async () => {
      const result = await talk(world.loop, "writer", name).call({ tool, input: { code } });
      assert.ok("run" in result, JSON.stringify(result.forModel.text));
      recorded.set(name, result.runId);
      await rejectPending();
      const other = await world.again();
      const outcome = await other.records.replay(result.runId);
      await other.close();
      assert.deepEqual(outcome, { status: "same" });
    });
  }

  test("another run of the same program is not the same: the comparison can fail", async () => {
    const { loop } = world;
    const input = { code: "import os, time; print(time.time_ns(), os.urandom(8).hex())" };
    const [one, two] = [
      await talk(loop, "writer").call({ tool: "python", input }),
      await talk(loop, "writer").call({ tool: "python", input }),
    ];
    assert.notEqual(one.status === "ok" && one.output.text, two.status === "ok" && two.output.text);
  });

  test("a changed input is named", async () => {
    writeFileSync(join(world.project, "numbers.csv"), "a,b\n1,3\n");
    const outcome = await world.loop.records.replay(recorded.get("reading inputs") ?? "");
    assert.ok(outcome.status === "different");
    assert.equal(outcome.comparison.where, "input");
    assert.equal(outcome.comparison.path, "/project/numbers.csv");
  });

  test("a change that was approved since is named as what is different now", async () => {
    const { loop } = world;
    const code = "open('/project/data.txt', 'a').write('four'); open('/project/fresh', 'w').write('x')";
    const result = await talk(loop, "writer").call({ tool: "python", input: { code } });
    assert.ok(result.status === "ok" && result.changeSet);
    assert.deepEqual(await loop.records.replay(result.runId), { status: "same" });
    const { reviewId, hash } = result.changeSet;
    await loop.reviews.approve(reviewId, { hash, reviewer: "test" });
    const outcome = await loop.records.replay(result.runId);
    assert.ok(outcome.status === "different");
    assert.deepEqual([outcome.comparison.where, outcome.comparison.path], ["input", "/project/data.txt"]);
    await loop.reviews.undo(reviewId, { reviewer: "test" });
    assert.deepEqual(await loop.records.replay(result.runId), { status: "same" });
  });

  test("what did not run, or is not there, cannot be replayed", async () => {
    const refused = await talk(world.loop, "reader").call({ tool: "shell", input: { code: "true" } });
    assert.equal((await world.loop.records.replay(refused.runId)).status, "not-replayable");
    assert.equal((await world.loop.records.replay("no such run")).status, "not-found");
  });

  async function rejectPending(): Promise<void> {
    for (const { id } of await world.loop.reviews.list({ kind: "change-set" })) {
      await world.loop.reviews.reject(id, { reviewer: "test" });
    }
  }
});
