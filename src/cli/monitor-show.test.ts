import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActionTrace, JudgedCall } from "../loop/index.ts";
import { actionTraceText } from "./monitor-show.ts";

const plain = (_: unknown, text: string): string => text;
const call = (bits: number, rest: Partial<JudgedCall> = {}): JudgedCall => ({
  ...{ monitor: "actions", tool: "send_money", decision: "go", bits, probability: 0.1, alarmBits: -2 },
  ...{ knowledge: "same-job", reasons: [], calibrationSha256: "0".repeat(64) },
  ...{ runId: "abcdef12-0000", time: "2026-11-28T09:00:00.000Z", outcome: "run", ...rest },
});
const draw = (calls: readonly JudgedCall[], band?: ActionTrace["band"]): string =>
  actionTraceText({ agent: "clerk", conversation: "today", calls, ...(band && { band }) }, plain);

test("a call stands where its bits are, over the band, on its side of the threshold", () => {
  const reasons = [
    { name: "copied-target", bits: 3.5, text: "`send_money.recipient` was copied from `read_file(bill.txt)`" },
  ];
  const text = draw([call(-9), call(6, { decision: "ask", outcome: "ask", reasons })], {
    low: -10,
    high: -6,
    calls: 40,
  });
  assert.equal(
    text,
    `Conversation today of clerk: 2 outward calls judged
                            -11                                       7 bits
abcdef12  send_money        ···░░●░░░░░░░░··········│·······················   -9.0  made
abcdef12  send_money        ···░░░░░░░░░░░··········│···················●···    6.0  ALARM: ask  a person is asked
                              3.5  \`send_money.recipient\` was copied from \`read_file(bill.txt)\`
│ an alarm begins   ● a call   ░ where 40 other calls of this agent were
`,
  );
});

test("bits beyond the picture stand at its edge, and names of others do nothing to the terminal", () => {
  const hostile = "\u001b]0;title\u0007\u202e\nnext";
  const text = actionTraceText(
    {
      agent: hostile,
      conversation: hostile,
      calls: [
        call(1e6, { tool: hostile, decision: "sever", reasons: [{ name: "x", bits: 1, text: hostile }] }),
        call(-1e6),
      ],
    },
    plain,
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e]/);
  assert.equal(text.split("\n").length, 7);
  for (const line of text.split("\n")) assert.ok([...line].length < 400);
});

test("a conversation in which nothing was judged says how to turn the monitor on", () => {
  assert.match(draw([]), /monitor\.actions/);
});
