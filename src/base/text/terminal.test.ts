import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalJson, terminalLine, terminalLines, terminalNet, terminalOutput } from "./index.ts";

test("a name is one line without anything a terminal acts on", () => {
  assert.equal(terminalLine("a\nb\x1b[31mc\x07\u009b2J"), "a⟦U+000A⟧b⟦U+001B⟧[31mc⟦U+0007 U+009B⟧2J");
});

test("a text keeps its lines; tabs are a sign", () => {
  assert.equal(terminalLines("a\n\tb\r\n"), "a\n⇥b⟦U+000D⟧\n");
});

test("what a program printed keeps styles, tabs and line ends", () => {
  for (const text of ["plain\n\ttext\r\n", "äöü 漢字 \u{1f389}"]) assert.equal(terminalOutput(text), text);
  for (const text of ["\x1b[1;31mred\x1b[0m", "\x1b[38:2:1:2:3mx", "\x1b[38;5;8mx", "\x1b[48;2;8;8;8mx", "\x1b[mx"])
    assert.equal(terminalOutput(text), `${text}\x1b[0m`);
});

test("styles end with the output, so that they cannot hide what comes after it", () => {
  assert.ok(terminalOutput("\x1b[30;40mx").endsWith("x\x1b[0m"));
  assert.equal(terminalOutput("x"), "x");
});

test("everything else a terminal would act on, or that hides, is shown", () => {
  const cases: readonly [text: string, shown: string][] = [
    ["\x1b[2J", "⟦U+001B⟧[2J"],
    ["\x1b]52;c;aGk=\x07", "⟦U+001B⟧]52;c;aGk=⟦U+0007⟧"],
    ["\x1b[6n", "⟦U+001B⟧[6n"],
    ["\x9b31m", "⟦U+009B⟧31m"],
    ["rm -rf /\rls      ", "rm -rf /⟦U+000D⟧ls      "],
    ["a\b\bok", "a⟦U+0008 ×2⟧ok"],
    ["\x1b[8mconcealed", "⟦U+001B⟧[8mconcealed"],
    ["\x1b[31;08mx", "⟦U+001B⟧[31;08mx"],
    ["\x1b[38;5;1;8mx", "⟦U+001B⟧[38;5;1;8mx"],
    ["a\u202eb", "a⟦U+202E⟧b"],
  ];
  for (const [text, shown] of cases) assert.equal(terminalOutput(text), shown);
});

test("JSON keeps its value and its layout, and nothing in it acts or hides", () => {
  const value = { "a\u202e": ["\u{e0041}\u009b\u00a0\ud800", "⟦é\u{1f600}", 1], b: "x".repeat(3) };
  for (const columns of [undefined, 2]) {
    const text = terminalJson(value, columns);
    assert.deepEqual(JSON.parse(text), value);
    assert.doesNotMatch(text, /[\u202e\u{e0041}\u009b\u00a0\ud800]/u);
    assert.match(text, /é\u{1f600}/u);
    assert.equal(text.includes("\n"), columns !== undefined);
  }
  assert.equal(terminalJson({ bytes: new Uint8Array([1, 2]) }), '{"bytes":"AQI="}');
});

test("the last look keeps what is ours and marks what was forgotten", () => {
  const ours = `ztl: a ⟦U+202E⟧ ⇥ \x1b[31mred\x1b[0m é漢\n  second line\r\n`;
  assert.equal(terminalNet(ours), ours);
  assert.equal(terminalNet("x\x1b[2J\u202e\u200by\rz"), "x⟦U+001B⟧[2J⟦U+202E⟧⟦U+200B⟧y⟦U+000D⟧z");
  assert.equal(terminalNet("\x1b[8mx"), "⟦U+001B⟧[8mx");
});
