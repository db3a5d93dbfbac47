import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ask, askingAlways, DEPLOY } from "./asking.helper.ts";

export const attack: Attack = {
  promise: 39,
  must: "Of a yes and a no at the same instant one counts, and the other is told; a no that came first stays one.",
  quick: true,
  async run(stage) {
    const world = await stage.loop(askingAlways);
    const other = await world.again();
    for (let round = 0; round < 10; round++) {
      const request = { ...DEPLOY, input: { to: "a@example.org", text: `round ${round}` } };
      const { id, hash } = await ask(world.loop, request);
      const [yes, no] = await Promise.all([
        world.loop.reviews.approve(id, { hash, reviewer: "ann" }),
        other.reviews.reject(id, { reviewer: "bob" }),
      ]);
      assert.equal([yes, no].filter(({ status }) => status === "done").length, 1);
      const answer = await talk(world.loop, "writer").permit({ ...request, approval: id });
      assert.equal(answer.status === "permitted", yes.status === "done");
    }
  },
};
