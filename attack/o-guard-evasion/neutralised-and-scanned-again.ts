import assert from "node:assert/strict";
import { neutralise, scan } from "../../src/guard/index.ts";
import { LINES, LITERALS } from "../../src/guard/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 30,
  must: "What the guard made harmless is harmless to itself: scanned again, no text that it neutralised is blocked or flagged.",
  quick: true,
  run() {
    for (const text of [...Object.values(LITERALS).flat(), ...Object.values(LINES)]) {
      const content = `before\n${text}\nafter`;
      const neutral = neutralise(content, scan(content).findings);
      const again = scan(neutral.text);
      assert.equal(again.decision, "admit", `${text} became ${neutral.text}`);
    }
  },
};
