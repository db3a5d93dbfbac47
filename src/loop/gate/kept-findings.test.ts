import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, Severity, Verdict } from "../../guard/index.ts";
import { findingsBeyond, gravestFirst, keptFindings } from "./kept-findings.ts";

const finding = (rule: string, severity: Severity, start: number): Finding => ({
  rule,
  family: "model",
  severity,
  start,
  end: start + 1,
  path: [],
  excerpt: "",
  reason: "",
});
const verdictOf = (findings: readonly Finding[]): Verdict => ({
  decision: "flag",
  findings,
  unlisted: 3,
  contentSha256: "",
  contentBytes: 0,
  ruleSetHash: "",
});

test("a crowd of findings does not push out the one a text was withheld for", () => {
  const crowd = Array.from({ length: 500 }, (_, start) => finding("many", "high", start));
  const kept = keptFindings(verdictOf([...crowd, finding("few", "low", 600), finding("model.unsafe", "high", 0)]), 100);
  assert.equal(kept.findings.length, 100);
  assert.equal(kept.unlisted, 3 + 402);
  for (const rule of ["many", "few", "model.unsafe"])
    assert.ok(
      kept.findings.some((one) => one.rule === rule),
      rule,
    );
});

test("few are kept as they are; the gravest come first where order matters", () => {
  const few = [finding("a", "info", 0), finding("b", "critical", 1), finding("c", "info", 2), finding("d", "high", 3)];
  assert.deepEqual(keptFindings(verdictOf(few), 100), { findings: few, unlisted: 3 });
  assert.deepEqual(
    gravestFirst(few).map(({ rule }) => rule),
    ["b", "d", "a", "c"],
  );
  assert.deepEqual(findingsBeyond(few, [finding("a", "high", 0), finding("b", "critical", 2)]), few.slice(1));
});
