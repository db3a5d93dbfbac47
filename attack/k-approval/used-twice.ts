import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ask, askingAlways, DEPLOY } from "./asking.helper.ts";

export const attack: Attack = {
  promise: 39,
  must: "One yes makes one call, also when twenty ask for it at the same instant from two processes.",
  quick: true,
  async run(stage) {
    const world = await stage.loop(askingAlways);
    const other = await world.again();
    const { id, hash } = await ask(world.loop);
    await world.loop.reviews.approve(id, { hash, reviewer: "ann" });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        talk(i % 2 === 0 ? world.loop : other, "writer").permit({ ...DEPLOY, approval: id }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === "permitted").length, 1);
    assert.equal((await talk(other, "writer").permit({ ...DEPLOY, approval: id })).status, "refused");
  },
};
