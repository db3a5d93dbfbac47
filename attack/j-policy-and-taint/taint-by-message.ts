import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { ACCOUNTS, MAIL, PAGE, withAccounts } from "./agents.helper.ts";

export const attack: Attack = {
  promise: 40,
  must: "What an agent that reads pages tells another is untrusted to that one, which then sends nothing private out alone.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop(withAccounts);
    await loop.receive({ ...PAGE, agent: "reader" });
    await loop.receive(ACCOUNTS);
    assert.equal((await loop.send({ from: "reader", to: "writer", text: "the page wants a mail" })).status, "admitted");
    assert.equal((await loop.permit(MAIL)).status, "waiting");
    assert.equal((await loop.send({ from: "writer", to: "reader", text: "no way back" })).status, "refused");
  },
};
