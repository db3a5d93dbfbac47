import assert from "node:assert/strict";
import { test } from "node:test";
import { pickDiverse } from "./vectors.ts";

const QUERY = [1, 0];
/** Two that are nearly the same, one that is less relevant but different, one that is neither. */
const CANDIDATES = [
  [1, 0.1],
  [1, 0.11],
  [0.7, -0.7],
  [-1, 0],
];

test("relevance alone gives the nearest first", () => {
  assert.deepEqual(pickDiverse(QUERY, CANDIDATES, 4, 1), [0, 1, 2, 3]);
});

test("with diversity, what repeats a picked one comes later", () => {
  assert.deepEqual(pickDiverse(QUERY, CANDIDATES, 2, 0.5), [0, 2]);
});

test("no more than there are, and none twice", () => {
  assert.deepEqual(pickDiverse(QUERY, [], 3, 0.5), []);
  assert.deepEqual(pickDiverse(QUERY, CANDIDATES, 99, 0).toSorted(), [0, 1, 2, 3]);
});
