import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswer, parseCallDetails, parseContentDetails, parseLabels } from "./stored.ts";

const SHA256 = "a".repeat(64);
const DECISION = { decision: "ask", rule: "r", reason: "why", considered: [{ rule: "r", outcome: "asks", why: "w" }] };
const BOUND = {
  ...{ agent: "a", conversation: "c", tool: "t", inputSha256: SHA256, definitionSha256: SHA256 },
  ...{ rules: ["r"], workspace: "unchanged" },
};
const LABEL = { source: "s", trust: "untrusted", confidentiality: "private" };

/** What is stored, how it is read, and members without which it says nothing. */
const KINDS = [
  {
    read: parseCallDetails,
    code: "review-damaged",
    value: { input: "{}", decision: DECISION, bound: BOUND },
    needed: ["input", "decision", "bound"],
  },
  {
    read: parseContentDetails,
    code: "review-damaged",
    value: { content: { sha256: SHA256, sizeBytes: 1 }, conversation: "c", labels: [LABEL], subject: "s" },
    needed: ["content", "conversation", "labels", "subject"],
  },
  {
    read: parseAnswer,
    code: "answer-damaged",
    value: { status: "ok", runId: "r", agent: "a", tool: "t", traceparent: "p", forModel: { text: "x" } },
    needed: ["status", "runId", "agent", "tool", "forModel"],
  },
] as const;

for (const { read, code, value, needed } of KINDS) {
  test(`${read.name} takes what was written, and refuses it damaged in any way`, () => {
    const text = JSON.stringify(value);
    assert.deepEqual(read(text), value);
    const damaged = [
      ...Array.from({ length: text.length }, (_, length) => text.slice(0, length)),
      ...needed.map((name) => JSON.stringify({ ...value, [name]: undefined })),
      ...needed.map((name) => JSON.stringify({ ...value, [name]: 1e9 })),
      ...needed.map((name) => `{${JSON.stringify(name)}:null,${text.slice(1)}`),
      ...["null", "[]", '""', "0", `${text}${text}`, `${text.slice(0, -1)},"x":1e999}`],
    ];
    for (const each of damaged) assert.throws(() => read(each), { code }, each);
  });
}

test("a conversation's taint is a list of labels, and nothing in it is guessed", () => {
  assert.deepEqual(parseLabels(JSON.stringify([LABEL])), [LABEL]);
  for (const text of ["", "{}", "null", "[1]", '[{"source":"s"}]', JSON.stringify([{ ...LABEL, trust: "Trusted" }])])
    assert.throws(() => parseLabels(text), { code: "taint-damaged" }, text);
});
