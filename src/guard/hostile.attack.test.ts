import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf, type Genome, nameOf, randomGenome, single } from "../../bench/guard-genome.ts";
import { cleanText, HOSTILE_PIECES } from "../../bench/guard-pieces.ts";
import { randomFrom } from "../../bench/random.ts";
import { scan } from "./scanner.ts";

/** Large enough that quadratic work is thousands of times the clean work, small enough to try many. */
const BYTES = 128 * 1024;
const INPUTS = 24;
const TRIES = 3;
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

/** Least CPU time of a few tries: what the input costs when the machine is otherwise idle. */
function leastMs(content: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const start = process.cpuUsage();
    scan(content);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

test("no hostile input costs more than a fixed multiple of clean text", () => {
  const clean = cleanText(BYTES).prose;
  for (let warmUp = 0; warmUp < 10; warmUp++) scan(clean);
  const cleanMs = Math.max(leastMs(clean), 0.5);
  const random = randomFrom(7);
  const genomes = [
    ...FOUND,
    ...HOSTILE_PIECES.map(single),
    ...Array.from({ length: INPUTS }, () => randomGenome(random)),
  ];
  const slow = genomes
    .map((genome) => ({ name: nameOf(genome), ratio: leastMs(contentOf(genome, BYTES)) / cleanMs }))
    .filter(({ ratio }) => ratio > RATIO_MAX);
  assert.deepEqual(slow, []);
});

test("content of one repeated byte, whichever it is, ends soon", () => {
  const clean = cleanText(BYTES).prose;
  const cleanMs = Math.max(leastMs(clean), 0.5);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const slow = bytes.filter((byte) => leastMs(new Uint8Array(BYTES).fill(byte)) / cleanMs > RATIO_MAX);
  assert.deepEqual(slow, []);
});
