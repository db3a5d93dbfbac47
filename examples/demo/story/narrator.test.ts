import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { COLUMNS } from "../limits.ts";
import { Narrator, quote, shown } from "./narrator.ts";

function narrate(tell: (narrator: Narrator) => void, colours = false): string {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  tell(new Narrator({ write, colours, pauses: false, signal: new AbortController().signal }));
  return written.join("");
}

describe("a paragraph", () => {
  test("is wrapped between words, and indented as deep as its first line's text", () => {
    const lines = narrate((narrator) => narrator.say(`  - ${"word ".repeat(60).trim()}`))
      .trimEnd()
      .split("\n");
    assert.ok(lines.length > 2);
    assert.ok(lines.every((line) => line.length <= COLUMNS));
    assert.ok(lines.slice(1).every((line) => line.startsWith("    word")));
    assert.equal(
      lines
        .join(" ")
        .split(/\s+/)
        .filter((word) => word === "word").length,
      60,
    );
  });

  test("with a word longer than a line keeps it whole", () => {
    const long = "x".repeat(300);
    assert.equal(
      narrate((narrator) => narrator.say(`a ${long} b`)),
      `a\n${long}\nb\n`,
    );
    assert.equal(
      narrate((narrator) => narrator.say(long)),
      `${long}\n`,
    );
  });

  test("is coloured on a terminal only", () => {
    const tell = (narrator: Narrator): void => narrator.say("good", "good");
    assert.equal(narrate(tell), "good\n");
    assert.equal(narrate(tell, true), "\x1b[32mgood\x1b[0m\n");
  });
});

describe("text of others", () => {
  test("moves no cursor, hides nothing and stays on its line", () => {
    const hostile = "a\x1b[2Jb\rc\nd\u202ee\u200bf\x07\u{e0041}\ud800g";
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
    assert.doesNotMatch(shown(hostile), /[\x00-\x1f\x7f-\x9f\u202e\u200b\u{e0041}\ud800]/u);
    assert.match(shown(hostile), /^a.*b c d.*e.*f/);
  });

  test("is cut where it gets long", () => {
    assert.equal(quote("x".repeat(100), 10), `"${"x".repeat(9)}…"`);
    assert.equal(quote("short", 10), '"short"');
  });
});
