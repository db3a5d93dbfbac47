import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ask, askingAlways, DEPLOY } from "./asking.helper.ts";

export const attack: Attack = {
  promise: 39,
  must: "A yes to one call lets through no other agent, tool, conversation or input, however small the difference.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop(askingAlways);
    const { id, hash } = await ask(loop);
    await loop.reviews.approve(id, { hash, reviewer: "ann" });
    const others = [
      { ...DEPLOY, input: { to: "a@example.org", text: "hello " } },
      { ...DEPLOY, input: { to: "a@example.org", text: "hello", bcc: "mallory@example.com" } },
      { ...DEPLOY, input: { to: "a@example.org", text: "he\u200bllo" } },
      { ...DEPLOY, input: [DEPLOY.input] },
      { ...DEPLOY, tool: "read" },
    ];
    for (const request of others) {
      const answer = await talk(loop, "writer").permit({ ...request, approval: id });
      assert.notEqual(answer.status === "permitted" && request.tool === "mail", true, JSON.stringify(request));
    }
    for (const handle of [talk(loop, "writer", "other"), talk(loop, "reader")])
      assert.equal((await handle.permit({ ...DEPLOY, approval: id })).status, "refused");
    assert.equal((await talk(loop, "writer").permit({ ...DEPLOY, approval: id })).status, "permitted");
  },
};
