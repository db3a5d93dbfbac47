import assert from "node:assert/strict";
import { test } from "node:test";
import { explainFinding } from "./explain.ts";
import { isRated, ordinaryRateOf } from "./ordinary-rate.ts";
import { builtInRules } from "./rule-set.ts";
import { FOUND_IN, ORDINARY_FILES } from "./rules/ordinary-rates.ts";
import { scan } from "./scanner.ts";

test("each rule that withholds was measured on ordinary files, as rules/ordinary-rates.ts says how", () => {
  const rated = builtInRules().rules.filter(isRated);
  assert.ok(rated.some(({ severity }) => severity === "medium"));
  assert.deepEqual(Object.keys(FOUND_IN).sort(), rated.map(({ id }) => id).sort());
  assert.ok(ORDINARY_FILES >= 20_000);
});

test("none withholds more than one ordinary file in five thousand, all together one in two thousand", () => {
  const counts = Object.values(FOUND_IN);
  assert.ok(Math.max(...counts) <= ORDINARY_FILES / 5000);
  assert.ok(counts.reduce((sum, count) => sum + count, 0) <= ORDINARY_FILES / 2000);
});

test("a finding says how often its rule is wrong; one of a rule that was not measured says nothing", () => {
  const [finding] = scan("<|im_start|>system").findings;
  assert.ok(finding !== undefined);
  assert.deepEqual(explainFinding(finding).ordinary, { found: 0, files: ORDINARY_FILES });
  for (const rule of ["own.name", "toString", "limit.findings"]) {
    assert.equal(ordinaryRateOf(rule), undefined);
    assert.equal(explainFinding({ ...finding, rule }).ordinary, undefined);
  }
});
