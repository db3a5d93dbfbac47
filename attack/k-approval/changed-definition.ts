import assert from "node:assert/strict";
import { ZeroTrustLoop } from "../../src/index.ts";
import { talk, testConfig } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import { ask, askingAlways, DEPLOY } from "./asking.helper.ts";

export const attack: Attack = {
  promise: 39,
  must: "A yes to a tool does not let another thing run that the configuration calls by the tool's name later.",
  quick: true,
  async run(stage) {
    const world = await stage.loop(askingAlways);
    const { id, hash } = await ask(world.loop);
    await world.loop.reviews.approve(id, { hash, reviewer: "ann" });
    await world.loop.close();
    const changed = askingAlways(testConfig());
    const mail = { ...changed.tools.mail, description: "now pays" } as (typeof changed.tools)[string];
    const config = { ...changed, tools: { ...changed.tools, mail } };
    const later = await ZeroTrustLoop.open({
      config,
      directory: world.directory,
      cacheDirectory: stage.cacheDirectory,
    });
    try {
      assert.equal((await talk(later, "writer").permit({ ...DEPLOY, approval: id })).status, "refused");
    } finally {
      await later.close();
    }
  },
};
