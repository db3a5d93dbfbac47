import assert from "node:assert/strict";
import { received, talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 33,
  must: "An admission that was used up is used up for every process that has the same key.",
  quick: true,
  async run(stage) {
    const world = await stage.loop();
    const { forModel } = await received(talk(world.loop, "reader"), "fetch", "rain at noon");
    assert.equal(talk(world.loop, "reader").memory.add(forModel, { role: "tool" }).status, "added");
    const other = await world.again();
    const expected = { status: "refused", reason: "replayed" };
    assert.deepEqual(talk(other, "reader").memory.add(forModel, { role: "tool" }), expected);
    await world.loop.close();
    await other.close();
    assert.deepEqual(talk(await world.again(), "reader").memory.add(forModel, { role: "tool" }), expected);
  },
};
