import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  pagePieces,
  plainText,
  terminalCode,
  terminalJson,
  terminalLine,
  terminalLines,
  terminalOutput,
} from "./index.ts";

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom(
    "\u200b",
    "\u202e",
    "\u0301",
    "\u0338",
    "\u17d2",
    "a",
    "⟦",
    "⟧",
    "⟦U+200B⟧",
    "⟦U+200B ×2⟧",
    " ×2",
    "⇥",
  ),
  fc.constantFrom(
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\x1b[31m",
    "\x1b[8m",
    "\x1b[",
    "\ud83d",
    "\udc68",
    "\u{1f468}",
    "\u200d",
    "\ufe0f",
  ),
  fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)),
);
const hostileText = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(""));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  hostileText.map((text) => new Uint8Array(Buffer.from(text))),
);

/** Reads a painted text back; it could not if two texts were painted alike. */
function unpainted(painted: string): string {
  return painted.replace(/⟦([^⟧]*)⟧/g, (_, inside: string) =>
    inside.replace(/(?:^| )U\+([0-9A-F]+)(?: ×(\d+))?/g, (__, digits: string, count = "1") =>
      String.fromCodePoint(Number.parseInt(digits, 16)).repeat(Number(count)),
    ),
  );
}

/** The same for bytes: what is not UTF-8 stands as numbers. */
function unpaintedBytes(painted: string): Buffer {
  const parts = painted.split(/⟦([^⟧]*)⟧/);
  return Buffer.concat(
    parts.flatMap((part, index) =>
      index % 2 === 0
        ? [Buffer.from(part)]
        : [...part.matchAll(/(?:^| )(U\+|0x)([0-9A-F]+)(?: ×(\d+))?/g)].map(([, base, digits, count = "1"]) => {
            const value = Number.parseInt(digits as string, 16);
            const one = base === "0x" ? Buffer.from([value]) : Buffer.from(String.fromCodePoint(value));
            return Buffer.concat(Array<Buffer>(Number(count)).fill(one));
          }),
    ),
  );
}

test("nothing is lost: the text can be told from what was painted", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      assert.equal(unpainted(plainText(text)), text);
      assert.equal(unpainted(terminalLine(text)), text);
      assert.equal(
        unpainted(
          pagePieces(text)
            .map((part) => part.text ?? part.mark)
            .join(""),
        ),
        text,
      );
      assert.equal(unpainted(terminalLines(text).replaceAll("⇥", "\t")), text);
      assert.equal(unpainted(terminalCode(text).replaceAll("⇥", "\t")), text);
    }),
    { numRuns: 3000 },
  );
});

test("nor of bytes, whatever they are", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      assert.deepEqual(unpaintedBytes(terminalLine(input)), Buffer.from(input));
    }),
    { numRuns: 3000 },
  );
});

test("no control character, no joiner outside an emoji, no half of a pair comes out", () => {
  const acts = /[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;
  const hides = /[\p{Default_Ignorable_Code_Point}\p{Co}\p{Cn}]/u;
  fc.assert(
    fc.property(hostileText, (text) => {
      for (const painted of [plainText(text), terminalLine(text), terminalCode(text)]) {
        assert.doesNotMatch(painted, acts);
        assert.doesNotMatch(painted.replace(/\p{RGI_Emoji}/gv, ""), hides);
      }
      assert.doesNotMatch(terminalLines(text).replaceAll("\n", ""), acts);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
      assert.doesNotMatch(terminalOutput(text).replace(/\x1b\[[0-9;:]*m|\r\n|[\n\t]/g, ""), acts);
      assert.doesNotMatch(terminalJson(text), acts);
      assert.equal(JSON.parse(terminalJson(text)), text);
    }),
    { numRuns: 3000 },
  );
});

test("growth is bounded: at most the ten characters of the longest mark for each one of the text", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      // "⟦U+10FFFF⟧"; a neighbour costs less, a repetition its number once.
      for (const painted of [plainText(text), terminalLine(text), terminalLines(text), terminalCode(text)])
        assert.ok(painted.length <= 10 * text.length);
      assert.ok(terminalOutput(text).length <= 10 * text.length + 4);
    }),
  );
});
