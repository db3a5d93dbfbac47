import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ACCOUNTS, AGENT, MAIL, mailStatus, PAGE, take, withAccounts } from "./agents.helper.ts";

export const attack: Attack = {
  promise: 40,
  must: "Code that holds an agent's conversation cannot act in another: no request names one, and a handle makes none.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop(withAccounts);
    await take(loop, ACCOUNTS);
    await take(loop, PAGE);
    const mine = talk(loop, AGENT);
    for (const who of [{ conversation: "fresh" }, { agent: "reader" }, { from: "reader" }, { caller: {} }]) {
      await assert.rejects(mine.permit({ ...MAIL, ...who } as never), { code: "invalid-input" });
      await assert.rejects(mine.call({ ...MAIL, ...who } as never), { code: "invalid-input" });
    }
    for (const to of [{ agent: "reader", conversation: "fresh" }, structuredClone(mine.address), "reader", null])
      await assert.rejects(mine.send({ to: to as never, text: "hello" }), { code: "invalid-input" });
    assert.throws(() => Object.assign(mine.address, { conversation: "fresh" }), TypeError);
    Object.assign(mine, { id: "fresh", agent: "reader" });
    assert.equal((await mine.permit(MAIL)).status, "waiting");
    assert.equal(await mailStatus(loop), "waiting");
  },
};
