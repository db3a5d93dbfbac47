import assert from "node:assert/strict";
import { SyntacticScanner, scan } from "../../src/guard/index.ts";
import { LINES, LITERALS } from "../../src/guard/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 30,
  must: "A structure that arrives in pieces, cut at any byte, gets the verdict that it gets in one.",
  quick: true,
  run() {
    for (const text of [...Object.values(LITERALS).map(([first]) => first ?? ""), ...Object.values(LINES)]) {
      const bytes = Buffer.from(`The answer is\n\n${text}\n`);
      const whole = scan(bytes);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const scanner = new SyntacticScanner();
        scanner.push(bytes.subarray(0, cut));
        scanner.push(bytes.subarray(cut));
        assert.deepEqual(scanner.end(), whole, `${text} cut at ${cut}`);
      }
    }
  },
};
