import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOfInput } from "./input-rows.ts";

const shown = (value: unknown): string[] =>
  rowsOfInput(JSON.stringify(value)).rows.map(({ kind, text }) => (kind === "gap" ? `[${text}]` : text));

test("a text member is shown as its lines, others as JSON", () => {
  assert.deepEqual(shown({ code: "a\n  b\n", args: ["x"], stdin: "" }), [
    "[code]",
    "a",
    "  b",
    "[args]",
    "[",
    '  "x"',
    "]",
    "[stdin]",
    "",
  ]);
});

test("what is no object is shown as it is", () => {
  assert.deepEqual(shown("one\ntwo"), ['"one\\ntwo"']);
  assert.deepEqual(shown([1]), ["[", "  1", "]"]);
  assert.deepEqual(shown({}), ["{}"]);
  assert.deepEqual(
    rowsOfInput("not json").rows.map(({ text }) => text),
    ["not json"],
  );
});

test("every member is shown, those with special names too", () => {
  assert.deepEqual(
    rowsOfInput('{"__proto__":"x","constructor":1}').rows.map(({ text }) => text),
    ["__proto__", "x", "constructor", "1"],
  );
});

test("nesting without end stays small", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const { rows } = rowsOfInput(deep);
  assert.equal(rows.map(({ text }) => text).join(""), deep);
});
