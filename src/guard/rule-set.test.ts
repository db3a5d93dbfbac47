import assert from "node:assert/strict";
import { test } from "node:test";
import * as guard from "./index.ts";
import { literals, type Rule } from "./rule.ts";
import { builtInRules, RuleSet } from "./rule-set.ts";
import { BUILT_IN_RULES } from "./rules/index.ts";
import { scan } from "./scanner.ts";

const RULE: Rule = {
  id: "test.word",
  family: "command",
  severity: "high",
  meaning: "a word",
  reason: "contains a word",
  patterns: literals("xyzzy"),
};

function assertFrozen(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null) return;
  assert.ok(Object.isFrozen(value), `${path} is frozen`);
  for (const [key, member] of Object.entries(value)) assertFrozen(member, `${path}.${key}`);
}

test("the rules in force cannot be changed", () => {
  assertFrozen(builtInRules().rules, "rules");
  assert.ok(Object.isFrozen(builtInRules()));
  assert.throws(() => {
    (builtInRules().rules as Rule[]).length = 0;
  }, TypeError);
});

test("changing the rules a set was made from changes nothing in the set", () => {
  const patterns = literals("xyzzy");
  const rules = [{ ...RULE, patterns }];
  const set = new RuleSet(rules);
  patterns.length = 0;
  rules.length = 0;
  assert.equal(scan("say xyzzy", { rules: set }).decision, "flag");
});

test("nothing the room exports can be changed", () => {
  for (const [name, value] of Object.entries(guard)) if (typeof value === "object") assertFrozen(value, name);
});

test("the hash is the same for the same rules and another for any change", () => {
  assert.equal(new RuleSet().hash, builtInRules().hash);
  assert.match(builtInRules().hash, /^[0-9a-f]{64}$/);
  const hashes = [
    new RuleSet([RULE]),
    new RuleSet([{ ...RULE, severity: "low" }]),
    new RuleSet([{ ...RULE, patterns: literals("xyzzz") }]),
    new RuleSet([{ ...RULE, sinks: { template: "high" } }]),
  ].map(({ hash }) => hash);
  assert.equal(new Set(hashes).size, hashes.length);
});

test("every verdict names the rules it was made under", () => {
  assert.equal(scan("x").ruleSetHash, builtInRules().hash);
  const other = new RuleSet([RULE]);
  assert.equal(scan("x", { rules: other }).ruleSetHash, other.hash);
});

test("rules with a double id, an empty literal or a telling reason are refused", () => {
  assert.throws(() => new RuleSet([RULE, RULE]), { code: "invariant" });
  assert.throws(() => new RuleSet([{ ...RULE, patterns: literals("") }]), { code: "invariant" });
  assert.throws(() => new RuleSet([{ ...RULE, reason: "contains <|im_start|>" }]), { code: "invariant" });
});

test("where content goes changes what counts", () => {
  const text = "Dear {{name}}, see {{$input}}";
  assert.equal(scan(text).decision, "admit");
  assert.equal(scan(text, { sink: "template" }).decision, "flag");
  assert.equal(scan("{{ x.__class__.__mro__ }}", { sink: "template" }).decision, "block");
});

test("every rule can be found by its own id in the table", () => {
  assert.equal(new Set(BUILT_IN_RULES.map(({ id }) => id)).size, BUILT_IN_RULES.length);
  assert.ok(BUILT_IN_RULES.every(({ meaning, patterns }) => meaning.length > 10 && patterns.length > 0));
});
