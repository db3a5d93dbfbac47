import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalNet } from "../base/text/index.ts";
import type { DecisionResult, Review } from "../loop/index.ts";
import { mountNotices } from "./loop-command.ts";
import { listReviews, painter, showReview, tellDecision } from "./review-text.ts";

/** Names as an attacker would choose them: each is a part of one line of ours, and does nothing to a terminal. */
const NAMES = [
  "line\nhash     0000\r\nid       1",
  "\u001b[2J\u001b]0;title\u0007\u009b31m",
  "\u202egnp.exe\u2066 \u200bx\u2028y\u0085z",
  "\ud800 lone \u0000 nul \u007f",
  "back\b\b\b\b over",
  "e\u0301\u0301\u0301\u{e0041}\u{fe0f}",
  "a".repeat(5000),
];

const PLAIN = "name";
const paint = painter(false);

function reviews(name: string): Review[] {
  const common = {
    id: "0e",
    state: "pending",
    ...{ runId: "run", agent: name, tool: name, command: PLAIN, title: name },
    ...{ createdAt: 0, expiresAt: 1, hash: "a".repeat(64), decidedBy: name, message: name },
    standing: { needed: { reviewers: 3, roles: [name] }, given: [name, name], missing: 1, roles: [name] },
    takenIn: [{ source: name, trust: "untrusted", confidentiality: "private", ways: [name], runIds: [name] }],
  } as const;
  const said = { path: name, reason: name };
  const finding = {
    rule: name,
    family: "command",
    severity: "high",
    start: 0,
    end: 1,
    path: [],
    reason: name,
  } as const;
  const file = { path: name, hostPath: name, change: "rename", fileType: "file", flags: [name] } as const;
  const decision = {
    decision: "ask",
    ...{ rule: name, reason: name },
    considered: [{ rule: name, outcome: "asks", why: name }],
  } as const;
  const spared = [{ path: name, keptAs: name }];
  return [
    { ...common, kind: "content", text: PLAIN, findings: [{ ...finding, excerpt: name }], toName: [said] },
    {
      ...{ ...common, kind: "change-set", conflicts: [said] },
      files: [{ ...file, renamedFrom: name, symlinkTarget: name, protectedBecause: name }],
      lastSync: { outcome: "failed", error: { code: name, message: name }, spared },
    },
    { ...common, kind: "call", input: PLAIN, decision },
  ];
}

function told(name: string): string[] {
  const said = { path: name, reason: name };
  const spared = [{ path: name, keptAs: name }];
  const error = { code: name, message: name };
  const results: DecisionResult[] = [
    { status: "done", state: "applied", files: [name], spared, conflicts: [said], changeSetId: "0e" },
    { status: "already", state: "approved", decidedBy: name },
    { status: "conflict", conflicts: [said], spared },
    { status: "protected", files: [said] },
    { status: "not-allowed", code: "signature-used", message: name, remedy: name },
    { status: "more-reviewers", given: [name], missing: 2, roles: [name] },
    { status: "bad-selection", files: [said] },
    { status: "failed", error, spared },
  ];
  return [
    ...reviews(name).map((review) => showReview(review, paint)),
    listReviews(reviews(name), 0),
    ...results.map((result) => tellDecision(result)),
    mountNotices([{ code: "mount-not-found", path: name, message: name, remedy: name }]),
  ];
}

test("names of others make no lines, and nothing that a terminal acts on or that does not show", () => {
  const lines = (text: string): number => text.split("\n").length;
  const plain = told(PLAIN).map(lines);
  for (const name of NAMES) {
    const texts = told(name);
    for (const text of texts) assert.equal(terminalNet(text), text);
    assert.deepEqual(texts.map(lines), plain, JSON.stringify(name.slice(0, 40)));
  }
});

test("notices of mounts are short, however long the paths and however many", () => {
  const [problem] = NAMES.slice(-1).map(
    (path) => ({ code: "mount-not-found", path, message: path, remedy: path }) as const,
  );
  assert.ok(problem !== undefined);
  const text = mountNotices(Array.from({ length: 500 }, () => problem));
  assert.ok(text.length < 30_000, String(text.length));
  assert.match(text, /and 480 more directories\n$/);
  assert.equal(mountNotices([]), "");
});
