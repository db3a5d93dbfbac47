import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ask, askingAlways, DEPLOY } from "./asking.helper.ts";

export const attack: Attack = {
  promise: 39,
  must: "A yes that was given, and a question that was asked, are worth nothing once their time has run out.",
  quick: true,
  async run(stage) {
    let now = Date.now();
    const limited = <C extends { tools: object }>(config: C): C => ({
      ...askingAlways(config),
      approvals: { expireAfterMs: 60_000 },
    });
    const { loop } = await stage.loop(limited, { now: () => now });
    const given = await ask(loop);
    await loop.reviews.approve(given.id, { hash: given.hash, reviewer: "ann" });
    const open = await ask(loop, { ...DEPLOY, input: { to: "b@example.org", text: "later" } });
    now += 61_000;
    assert.equal((await talk(loop, "writer").permit({ ...DEPLOY, approval: given.id })).status, "refused");
    const late = await loop.reviews.approve(open.id, { hash: open.hash, reviewer: "ann" });
    assert.notEqual(late.status, "done");
  },
};
