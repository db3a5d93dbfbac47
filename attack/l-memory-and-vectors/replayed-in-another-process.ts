import assert from "node:assert/strict";
import { AGENT, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 33,
  must: "An admission that was used up is used up for every process that has the same key.",
  known: "used admissions are remembered by the process (THREAT_MODEL.md, replayed admissions after a restart)",
  run() {
    const world = new MemoryWorld();
    const entry = world.text("rain at noon");
    assert.equal(world.gateOf({}).conversation(AGENT).add(entry, { role: "tool" }).status, "added");
    assert.equal(world.gateOf({}).conversation(AGENT).add(entry, { role: "tool" }).status, "refused");
  },
};
