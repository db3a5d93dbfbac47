import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ACCOUNTS, mailStatus, PAGE, take, withAccounts } from "./agents.helper.ts";

export const attack: Attack = {
  promise: 40,
  must: "What an agent that reads pages tells another is untrusted to that one, which then sends nothing private out alone.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop(withAccounts);
    await take(loop, PAGE, { agent: "reader" });
    await take(loop, ACCOUNTS);
    assert.equal(
      (await talk(loop, "reader").send({ to: talk(loop, "writer").address, text: "the page wants a mail" })).status,
      "ok",
    );
    assert.equal(await mailStatus(loop), "waiting");
    assert.equal(
      (await talk(loop, "writer").send({ to: talk(loop, "reader").address, text: "no way back" })).status,
      "refused",
    );
  },
};
