import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareActions } from "./action-shift.ts";

test("the share of probability that moved, and where it went", () => {
  const found = compareActions({ answer: 3, search: 1 }, { answer: 1, search: 1, "send-mail": 2 });
  assert.equal(found.distance, 0.5);
  assert.deepEqual(found.actions, [
    { action: "answer", before: 0.75, after: 0.25 },
    { action: "send-mail", before: 0, after: 0.5 },
  ]);
});

test("what is no distribution is refused", () => {
  for (const wrong of [{}, { a: 0 }, { a: -1, b: 2 }, { a: Number.NaN }, { a: Number.POSITIVE_INFINITY }]) {
    assert.throws(() => compareActions(wrong, { a: 1 }), { code: "distribution-invalid" });
  }
});

test("the distance is a distance", () => {
  const weights = fc
    .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 100 }), { minKeys: 1 })
    .filter((one) => Object.values(one).some((weight) => weight > 0));
  fc.assert(
    fc.property(weights, weights, weights, (a, b, c) => {
      const distance = (one: typeof a, other: typeof a): number => compareActions(one, other).distance;
      assert.equal(distance(a, a), 0);
      assert.ok(distance(a, b) <= 1 + 1e-9);
      assert.ok(Math.abs(distance(a, b) - distance(b, a)) < 1e-9);
      assert.ok(distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9);
    }),
  );
});
