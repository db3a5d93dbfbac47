import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf, type Genome, nameOf, randomGenome, single } from "../../bench/guard-genome.ts";
import { cleanText, HOSTILE_PIECES } from "../../bench/guard-pieces.ts";
import { randomFrom } from "../../bench/random.ts";
import { costRatioTo } from "./testing/cost.ts";

/** Large enough that quadratic work is thousands of times the clean work, small enough to try many. */
const BYTES = 128 * 1024;
const INPUTS = 24;
/** Measured ratios are up to 20; a matcher that reads each byte again for each byte gives many thousands. */
const RATIO_MAX = 80;

/** What the search of `npm run attack:guard` found to be slow once: the first took forty seconds a megabyte. */
const FOUND: readonly Genome[] = [
  { pieces: ["\x1b]", "\u00ad", "<img src="], order: "mixed", layers: ["base64", "percent", "percent"], seed: 1 },
  {
    pieces: ["QUFBQUFBQUFBQUFB ", "TERMINATE\n", "%", "%3C"],
    order: "mixed",
    layers: ["wrapped base64", "entity"],
    seed: 1,
  },
  { pieces: ['{"role"', '{"lc":1,"id":[', "]://"], order: "repeated", layers: ["tags", "hex", "entity"], seed: 1 },
  { pieces: ["<|im_start|>"], order: "repeated", layers: ["short base64", "base64", "percent"], seed: 1 },
  { pieces: ["]://"], order: "repeated", layers: [], seed: 1 },
  { pieces: ["\\", "&amp;lt;", '{"role":"{'], order: "repeated", layers: [], seed: 1 },
  { pieces: ["\nAction 1 Input", "\\\\", "////", '{"role":"{', "\\\\"], order: "mixed", layers: [], seed: 1 },
];

test("no hostile input costs more than a fixed multiple of clean text", () => {
  const ratioOf = costRatioTo(cleanText(BYTES).prose, RATIO_MAX);
  const random = randomFrom(7);
  const genomes = [
    ...FOUND,
    ...HOSTILE_PIECES.map(single),
    ...Array.from({ length: INPUTS }, () => randomGenome(random)),
  ];
  const slow = genomes
    .map((genome) => ({ name: nameOf(genome), ratio: ratioOf(contentOf(genome, BYTES)) }))
    .filter(({ ratio }) => ratio > RATIO_MAX);
  assert.deepEqual(slow, []);
});

test("content of one repeated byte, whichever it is, ends soon", () => {
  const ratioOf = costRatioTo(cleanText(BYTES).prose, RATIO_MAX);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const slow = bytes.filter((byte) => ratioOf(new Uint8Array(BYTES).fill(byte)) > RATIO_MAX);
  assert.deepEqual(slow, []);
});
