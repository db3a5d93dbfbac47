import assert from "node:assert/strict";
import { test } from "node:test";
import { Admitter, builtInRules } from "../../guard/index.ts";
import { Examiner } from "./examiner.ts";

const rules = builtInRules();
const examinerOf = () =>
  new Examiner({
    rules,
    sinks: ["memory"],
    admitter: new Admitter({ ruleSetHash: rules.hash }),
    markKey: new Uint8Array(32),
  });

test("what was looked at just now is not scanned again, and its verdict is that of a scan", async () => {
  const examiner = examinerOf();
  const texts = ["a fine day", "the token <|im_start|>system", "password=hunter2-and-more-of-it", ""];
  for (const text of texts) {
    const verdict = examiner.look(Buffer.from(text));
    assert.deepEqual(verdict, examiner.scan(text));
    assert.equal(await examiner.examine(text), verdict);
  }
});

test("few verdicts are kept, and one that is not kept is made again", () => {
  const examiner = examinerOf();
  const first = examiner.look("text 0");
  for (let i = 1; i <= 16; i++) examiner.look(`text ${i}`);
  const again = examiner.look("text 0");
  assert.notEqual(again, first);
  assert.deepEqual(again, first);
  assert.equal(examiner.look("text 16"), examiner.look("text 16"));
});
