import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

const FILES = 400;

test("a loop that is closed lets decisions and questions end, and takes no more", { skip: kvmMissing() }, async (t) => {
  const warnings: string[] = [];
  const warned = ({ message }: Error): unknown => warnings.push(message);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  await using world = await openTestLoop();
  const { loop, project } = world;
  const made = await talk(loop, "writer").call({
    tool: "shell",
    input: { code: `for i in $(seq ${FILES}); do echo $i > $i; done` },
  });
  assert.ok(made.status === "ok" && made.changeSet);
  const { reviewId, hash } = made.changeSet;
  const decided = loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
  const added = loop.reviewers.add("bob");
  const opened = loop.breakers.open({ by: "ann", message: "stopping" });
  const asked = [loop.records.verify(), loop.records.run(made.runId), loop.reviews.get(reviewId)];
  const closed = loop.close();

  for (const facade of [loop.reviews, loop.reviewers, loop.breakers, loop.records])
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(facade)).filter(
      (name) => name !== "constructor",
    ))
      await assert.rejects(async () => await Reflect.get(facade, name)(), { code: "closed" }, name);
  const outcome = await decided;
  assert.equal(outcome.status === "done" && outcome.files?.length, FILES, JSON.stringify(outcome).slice(0, 300));
  await Promise.all([added, opened, ...asked]);
  await closed;
  assert.equal(readdirSync(project).length, FILES);

  const later = await world.again();
  assert.equal(later.reviews.find(reviewId)?.state, "applied");
  assert.deepEqual(
    later.reviewers.list().map(({ name }) => name),
    ["bob"],
  );
  assert.equal(later.breakers.list().length, 1);
  assert.deepEqual(warnings, [], "nothing had to be recovered");
});
