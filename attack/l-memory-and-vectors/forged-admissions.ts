import assert from "node:assert/strict";
import type { AdmittedText } from "../../src/index.ts";
import { AGENT, BAD_TEXTS, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 33,
  must: "No text enters a conversation with an admission that is missing, forged, another's, old, or for other content.",
  quick: true,
  run() {
    for (const [name, { forge, reason }] of Object.entries(BAD_TEXTS)) {
      const world = new MemoryWorld();
      const memory = world.gate.conversation(AGENT);
      const given = memory.forAgent().add(forge(world) as AdmittedText, { role: "tool" });
      assert.deepEqual(given, { status: "refused", reason }, name);
      assert.deepEqual(memory.messages(), [], name);
    }
  },
};
