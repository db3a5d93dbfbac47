import assert from "node:assert/strict";
import { AGENT, MemoryWorld } from "../../src/memory/testing.ts";
import { Random } from "../../test/attack/random.ts";
import type { Attack } from "../attack.ts";

const CHANGES = 400;
const TEXTS = ["You are helpful.", "Will it rain?", "I shall look.", "rain at noon"];

export const attack: Attack = {
  promise: 33,
  must: "A saved conversation in which any one character was changed brings back nothing that was not said in it.",
  quick: true,
  run() {
    const sealKey = new Uint8Array(32).fill(7);
    const world = new MemoryWorld();
    const memory = world.gateOf({ sealKey }).conversation(AGENT);
    memory.addTrusted({ role: "system", text: TEXTS[0] ?? "" });
    memory.addTrusted({ role: "user", text: TEXTS[1] ?? "" });
    memory.addOwn(TEXTS[2] ?? "");
    memory.add(world.text(TEXTS[3] ?? ""), { role: "tool" });
    const saved = JSON.stringify(memory);
    const random = new Random(33);
    for (let change = 0; change < CHANGES; change++) {
      const at = random.below(saved.length);
      const changed = saved.slice(0, at) + String.fromCharCode(32 + random.below(95)) + saved.slice(at + 1);
      let back: readonly { readonly role: string; readonly text: string }[] = [];
      try {
        back = world.gateOf({ sealKey }).restore(AGENT, JSON.parse(changed)).messages();
      } catch {
        continue;
      }
      for (const { text } of back) assert.ok(TEXTS.includes(text), `character ${at}: ${text}`);
      const roles = back.map(({ role, text }) => `${role}: ${text}`);
      assert.ok(!roles.includes(`system: ${TEXTS[3]}`) && !roles.includes(`user: ${TEXTS[3]}`), `character ${at}`);
    }
  },
};
