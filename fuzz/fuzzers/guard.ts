import assert from "node:assert/strict";
import { neutralise, SyntacticScanner, scan } from "../../src/guard/index.ts";
import { ENCODINGS, LINES, LITERALS } from "../../src/guard/testing.ts";
import type { Fuzzer } from "../fuzzer.ts";
import { encoded, mutated } from "../mutation.ts";

const literals = [...Object.values(LITERALS).flat(), ...Object.values(LINES)];
const encodings = Object.values(ENCODINGS);
const words = encoded([
  ...[
    "\\u003c",
    "%3C",
    "&lt;",
    "&#x3c;",
    "=3C",
    "\\x3c",
    "PHw=",
    "\u200b",
    "\u202e",
    "\u{e0041}",
    "\x1b[8m",
    "\x1b]52;c;",
  ],
  ...['{"', '":', "[[", "}}", "```", "\n\n", "<|", "|>", "<｜", "<!--", "\\\\", "\r", "\0"],
]);

/** Whatever comes in, the verdict is the same however it is cut, speaks of places that exist, and its remedy works. */
export const fuzzer: Fuzzer = {
  what: "the guard's decoders and detectors, with control structures encoded, damaged and mixed",
  make: (random) => {
    const pieces = Array.from({ length: 1 + random.below(3) }, () => {
      const times = 1 + random.below(3);
      let text = random.pick(literals);
      for (let time = 0; time < times; time++) text = random.pick(encodings)(text);
      return text;
    });
    return mutated(random, encoded(pieces), words);
  },
  check: (input) => {
    const verdict = scan(input);
    const scanner = new SyntacticScanner();
    const middle = input.length >> 1;
    scanner.push(input.subarray(0, middle));
    scanner.push(input.subarray(middle));
    assert.deepEqual(scanner.end(), verdict);
    for (const { start, end, rule } of verdict.findings)
      assert.ok(start >= 0 && start <= end && end <= input.length, `${rule}: ${start}-${end} of ${input.length}`);
    const { text } = neutralise(input, verdict.findings);
    assert.equal(scan(text).decision, "admit");
  },
};
