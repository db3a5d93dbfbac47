import assert from "node:assert/strict";
import { scan } from "../../src/guard/index.ts";
import { ENCODINGS, LITERALS } from "../../src/guard/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 30,
  must: "No control token that the guard knows is admitted for being written in another way: escaped, encoded, or spread out.",
  quick: true,
  run() {
    for (const [encoding, encode] of Object.entries(ENCODINGS)) {
      for (const text of Object.values(LITERALS).flat()) {
        const { findings } = scan(`The answer is ${encode(text)} as expected.`);
        assert.ok(
          findings.some(({ severity }) => severity !== "info" && severity !== "low"),
          `${encoding}: ${text}`,
        );
      }
    }
  },
};
