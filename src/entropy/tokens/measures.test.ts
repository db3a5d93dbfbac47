import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Distribution, distributionOf, divergence, entropyBound, OTHERS, surprisal } from "./measures.ts";
import { UsualTokens } from "./usual-tokens.ts";

const near = (one: number, other: number, by = 1e-9): void =>
  assert.ok(Math.abs(one - other) < by, `${one} and ${other}`);
const of = (entries: Readonly<Record<string, number>>): Distribution => new Map(Object.entries(entries));

/** A whole distribution over some tokens. */
const whole = fc
  .array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 })
  .map((weights) => {
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight, index) => ({ token: `t${index}`, probability: weight / sum }));
  });

test("surprisal is in bits", () => near(surprisal({ token: "a", logprob: Math.log(1 / 8) }), 3));

test("what is told of some tokens bounds the entropy of all from below, and is it when all are told", () => {
  fc.assert(
    fc.property(whole, fc.nat({ max: 39 }), (all, told) => {
      const entropy = -all.reduce((sum, { probability }) => sum + probability * Math.log2(probability), 0);
      const sorted = all.toSorted((a, b) => b.probability - a.probability);
      const top = sorted.slice(0, told).map(({ token, probability }) => ({ token, logprob: Math.log(probability) }));
      const chosen = sorted[sorted.length - 1] as (typeof sorted)[number];
      const signal = { token: chosen.token, logprob: Math.log(chosen.probability), top };
      const bound = entropyBound(distributionOf(signal));
      assert.ok(bound <= entropy + 1e-9 && bound >= -1e-9, `${bound} of ${entropy}`);
      if (told >= all.length) near(bound, entropy, 1e-6);
    }),
  );
});

test("the rest counts as one, and probabilities that were rounded up are one together", () => {
  assert.deepEqual(
    [...distributionOf({ token: "a", logprob: Math.log(0.5), top: [] })].map(([token, share]) => [
      token,
      share.toFixed(3),
    ]),
    [
      ["a", "0.500"],
      [OTHERS, "0.500"],
    ],
  );
  const rounded = distributionOf({
    token: "a",
    logprob: 0,
    top: [
      { token: "a", logprob: 0 },
      { token: "b", logprob: -8 },
    ],
  });
  near(
    [...rounded.values()].reduce((a, b) => a + b, 0),
    1,
  );
});

test("divergence is 0 for the same, 1 for what shares nothing, the same both ways, and never beyond", () => {
  near(divergence(of({ a: 0.5, b: 0.5 }), of({ a: 0.5, b: 0.5 })), 0);
  near(divergence(of({ a: 1 }), of({ b: 1 })), 1);
  // By hand: H(3/4, 1/4) - H(1/2, 1/2) / 2.
  near(divergence(of({ a: 1 }), of({ a: 0.5, b: 0.5 })), 0.311278124459133);
  const distribution = whole.map((all) => new Map(all.map(({ token, probability }) => [token, probability])));
  fc.assert(
    fc.property(distribution, distribution, (one, other) => {
      const bits = divergence(one, other);
      assert.ok(bits >= 0 && bits <= 1);
      near(bits, divergence(other, one));
    }),
  );
});

test("the running mean of many different tokens stays bounded, and a distribution", () => {
  const few = new UsualTokens();
  few.take(of({ a: 1 }));
  near(few.take(of({ a: 0.5, b: 0.5 })) ?? 0, divergence(of({ a: 1 }), of({ a: 0.5, b: 0.5 })));
  near(few.take(of({ b: 1 })) ?? 0, divergence(of({ b: 1 }), of({ a: 0.9975, b: 0.0025 })));
  const usual = new UsualTokens();
  for (let place = 0; place < 30_000; place++) usual.take(of({ [`t${place}`]: 0.9, the: 0.1 }));
  const now = usual.distribution;
  assert.ok(now.size <= 8192, `${now.size}`);
  near(
    [...now.values()].reduce((a, b) => a + b, 0),
    1,
    1e-6,
  );
  near(now.get("the") ?? 0, 0.1, 0.01);
});
