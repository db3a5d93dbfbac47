import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { ACCOUNTS, mailStatus, PAGE, take, withAccounts } from "./agents.helper.ts";

export const attack: Attack = {
  promise: 40,
  must: "Opening the loop again, or a second one over the same state, does not clean what a conversation has taken in.",
  quick: true,
  async run(stage) {
    const world = await stage.loop(withAccounts);
    await take(world.loop, ACCOUNTS);
    const other = await world.again();
    await take(other, PAGE);
    assert.equal(await mailStatus(world.loop), "waiting");
    await world.loop.close();
    await other.close();
    const again = await world.again();
    assert.equal(await mailStatus(again), "waiting");
  },
};
