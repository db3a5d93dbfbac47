import assert from "node:assert/strict";
import { test } from "node:test";
import { cutColumns, displayWidth, padColumns, terminalLine } from "./index.ts";

test("columns, not code units", () => {
  const cases: readonly [text: string, columns: number][] = [
    ["abc", 3],
    ["größer", 6],
    ["e\u0301", 1],
    ["漢字", 4],
    ["한국", 4],
    ["ｆｕｌｌ", 8],
    ["\u{1f600}", 2],
    ["\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", 2],
    ["\u2764\ufe0f", 2],
    ["⟦U+202E⟧", 8],
    ["สวัสดี", 4],
  ];
  for (const [text, columns] of cases) assert.equal(displayWidth(text), columns, text);
  assert.equal(padColumns("漢", 4), "漢  ");
  assert.equal(padColumns("long", 2), "long");
});

test("cut to fit, with marks and emoji kept whole", () => {
  assert.equal(cutColumns("abcdef", 6), "abcdef");
  assert.equal(cutColumns("abcdefg", 6), "abcde…");
  assert.equal(cutColumns("漢字漢字", 6), "漢字…");
  const painted = terminalLine("ab\u202e\u200bcd");
  for (let columns = 3; columns < 18; columns++) assert.equal(cutColumns(painted, columns), "ab…");
  assert.equal(cutColumns(painted, 18), "ab⟦U+202E U+200B⟧…");
  assert.equal(cutColumns(painted, 19), painted);
  assert.equal(cutColumns("a\u{1f468}\u200d\u{1f469}\u200d\u{1f467}bc", 3), "a…");
});
