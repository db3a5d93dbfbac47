import assert from "node:assert/strict";
import { test } from "node:test";
import { displayWidth } from "../base/text/index.ts";
import { explainDecision } from "./policy-report.ts";

test("columns stay under each other, however wide their characters are", () => {
  const why = (rule: string) => ({ rule, outcome: "allows", why: "WHY" }) as const;
  const considered = [
    "plain",
    "規則",
    "e\u0301te\u0301",
    "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
    "a\u202eb\u00a0",
  ].map(why);
  const text = explainDecision({ decision: "run", rule: "plain", reason: "because\u2028 ", considered });
  const lines = text.trimEnd().split("\n").slice(2);
  assert.equal(lines.length, considered.length);
  assert.equal(new Set(lines.map((line) => displayWidth(line.slice(0, line.indexOf("WHY"))))).size, 1, text);
  assert.match(text, /a⟦U\+202E⟧b⟦U\+00A0⟧/);
  assert.match(text, /^run: because⟦U\+2028⟧/);
});
