import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { ACCOUNTS, MAIL, PAGE, withAccounts } from "./agents.helper.ts";

export const attack: Attack = {
  promise: 40,
  must: "An agent that has taken in a page and its accounts is not clean because its code names another conversation.",
  known: "the agent's code chooses the conversation's name, and taint is kept by that name",
  async run(stage) {
    const { loop } = await stage.loop(withAccounts);
    await loop.receive(ACCOUNTS);
    await loop.receive(PAGE);
    assert.equal((await loop.permit({ ...MAIL, conversation: "fresh" })).status, "waiting");
  },
};
