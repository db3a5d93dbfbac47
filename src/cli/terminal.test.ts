import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defuse, defuseName } from "./terminal.ts";

test("text, line breaks and colours pass", () => {
  for (const text of ["plain\n\ttext\r\n", "äöü 漢字 🎉", "\x1b[1;31mred\x1b[0m", "\x1b[38:2:1:2:3mx"])
    assert.equal(defuse(text), text);
});

test("whatever could move, answer, hide or reach the clipboard becomes visible", () => {
  const cases: Record<string, string> = {
    "\x1b[2J": "␛[2J",
    "\x1b]52;c;aGk=\x07": "␛]52;c;aGk=␇",
    "\x1b]0;title\x1b\\": "␛]0;title␛\\",
    "\x1b[6n": "␛[6n",
    "\x9b31m": "<U+009B>31m",
    "safe\b\b\b\bevil": "safe␈␈␈␈evil",
    "a\u202eb": "a<U+202E>b",
    "\x7f": "␡",
  };
  for (const [text, shown] of Object.entries(cases)) assert.equal(defuse(text), shown);
});

test("no control sequence but a style survives, whatever surrounds it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("\x1b", "[", "]", "0", "m", "J", ";", "\x9b", "\x07", "a", "\n", "\x1b[0m")),
      (parts) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject.
        assert.doesNotMatch(defuse(parts.join("")).replace(/\x1b\[[0-9;:]*m/g, ""), /[\x1b\x9b\x07]/);
      },
    ),
  );
});

test("a name stays on its line", () => {
  assert.equal(defuseName("a\nb\x1b[31mc"), "a␊b␛[31mc");
});
