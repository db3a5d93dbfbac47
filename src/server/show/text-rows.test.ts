import assert from "node:assert/strict";
import { test } from "node:test";
import { ROW_CHARACTERS_MAX, TEXT_UNITS_MAX } from "../limits.ts";
import { rowsOfDiff, rowsOfText } from "./text-rows.ts";

test("lines are counted as an editor counts them", () => {
  assert.deepEqual(
    rowsOfText("a\nb\n").rows.map(({ text, newLine }) => [text, newLine]),
    [
      ["a", 1],
      ["b", 2],
    ],
  );
  assert.deepEqual(
    rowsOfText("").rows.map(({ text }) => text),
    [""],
  );
  assert.deepEqual(rowsOfText("\n\n").rows.length, 2);
});

test("a long line goes on in rows without a number, and no character is torn", () => {
  const { rows } = rowsOfText(`x${"😀".repeat(ROW_CHARACTERS_MAX)}\nnext`);
  assert.deepEqual(
    rows.map(({ newLine }) => newLine),
    [1, undefined, undefined, 2],
  );
  assert.ok(rows.every(({ text }) => text.isWellFormed() && text.length <= ROW_CHARACTERS_MAX));
});

test("text beyond the bound is counted, not cut in silence", () => {
  const { rows, hiddenUnits } = rowsOfText("y\n".repeat(TEXT_UNITS_MAX / 2 + 50));
  assert.equal(hiddenUnits, 100);
  assert.equal(rows.length, TEXT_UNITS_MAX / 2);
});

test("between hunks stands how much is left out", () => {
  const line = { kind: "same", text: "x", newOffset: 0 } as const;
  const rows = rowsOfDiff([
    { oldStart: 1, newStart: 1, lines: [line, { kind: "remove", text: "gone" }] },
    { oldStart: 10, newStart: 9, lines: [line, { kind: "add", text: "new", newOffset: 5 }] },
  ]);
  assert.deepEqual(
    rows.map(({ kind, text, oldLine, newLine }) => [kind, text, oldLine, newLine]),
    [
      ["same", "x", 1, 1],
      ["remove", "gone", 2, undefined],
      ["gap", "7 lines alike", undefined, undefined],
      ["same", "x", 10, 9],
      ["add", "new", undefined, 10],
    ],
  );
});
