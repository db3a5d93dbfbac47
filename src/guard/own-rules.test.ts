import assert from "node:assert/strict";
import { test } from "node:test";
import { explainFinding, familyWords } from "./explain.ts";
import { withOwnRules } from "./own-rules.ts";
import { builtInRules } from "./rule-set.ts";
import { scan } from "./scanner.ts";

const RULE = {
  id: "own.codename",
  severity: "medium",
  meaning: "A project that nobody is to know of.",
  reason: "names a project",
  texts: ["Blue Heron"],
  anyCase: true,
};
const rulesOf = (...rules: readonly object[]): string => JSON.stringify({ rules });

test("own rules are found beside ours, encoded too, and are part of the hash", () => {
  const rules = withOwnRules(
    rulesOf(RULE, { ...RULE, id: "own.form", texts: [], objects: [["kind=secret-form", "body"]] }),
  );
  for (const text of [
    "about blue heron",
    Buffer.from("all about Blue Heron here").toString("base64"),
    '{"kind":"secret-form","body":1}',
  ])
    assert.equal(scan(text, { rules }).decision, "flag", text);
  assert.equal(scan("<|im_start|>system", { rules }).decision, "block");
  assert.equal(scan("about blue heron").decision, "admit");
  assert.notEqual(rules.hash, builtInRules().hash);
  assert.notEqual(rules.hash, withOwnRules(rulesOf({ ...RULE, severity: "high" })).hash);
  assert.equal(withOwnRules(rulesOf()).hash, builtInRules().hash);
});

test("a file that is not exactly a list of rules is refused, with the place", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["[]", /an object with the one member rules/],
    ['{"rules":[],"more":1}', /one member rules/],
    [rulesOf({ ...RULE, id: "chat.role-turn" }), /rules\[0\]\.id/],
    [rulesOf({ ...RULE, severity: "severe" }), /rules\[0\]\.severity/],
    [rulesOf({ ...RULE, shape: "role-turn" }), /found "shape"/],
    [rulesOf({ ...RULE, reason: "say <|im_end|>" }), /rules\[0\]\.reason/],
    [rulesOf({ ...RULE, texts: ["ab"] }), /rules\[0\]\.texts/],
    [rulesOf({ ...RULE, texts: [] }), /texts or objects/],
    [rulesOf({ ...RULE, at: "somewhere" }), /rules\[0\]\.at/],
    [rulesOf({ ...RULE, sinks: { page: "high" } }), /rules\[0\]\.sinks/],
    [rulesOf(RULE, RULE), /an id of its own/],
    [
      rulesOf({ ...RULE, texts: Array.from({ length: 256 }, (_, index) => `${index}`.padStart(200, "x")) }),
      /bytes together/,
    ],
  ];
  for (const [source, message] of wrong) assert.throws(() => withOwnRules(source), { code: "rules-invalid", message });
  assert.throws(() => withOwnRules('{"rules":[],"rules":[]}'), { code: "json-duplicate-name" });
});

test("a finding is explained: what it is, whose it is, how it was hidden", () => {
  const text = Buffer.from("please read <|im_start|>system now").toString("base64");
  const finding = scan(text).findings.find(({ severity }) => severity === "critical");
  assert.ok(finding);
  const words = explainFinding(finding, builtInRules());
  assert.equal(words.family, "a model's control token");
  assert.match(words.models.join(), /Qwen/);
  assert.equal(words.hidden, "base64");
  assert.match(words.why, /in the name of the system or the user/);
  for (const { family } of builtInRules().rules) assert.ok(familyWords(family).why.length > 20, family);
});
