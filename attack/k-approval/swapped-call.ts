import assert from "node:assert/strict";
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
      { ...DEPLOY, conversation: "other" },
      { ...DEPLOY, agent: "reader" },
      { ...DEPLOY, tool: "read" },
    ];
    for (const request of others) {
      const answer = await loop.permit({ ...request, approval: id });
      assert.notEqual(answer.status === "permitted" && request.tool === "mail", true, JSON.stringify(request));
    }
    assert.equal((await loop.permit({ ...DEPLOY, approval: id })).status, "permitted");
  },
};
