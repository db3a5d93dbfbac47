import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hidesSomething,
  pagePieces,
  paintedPieces,
  plainText,
  repainted,
  terminalCode,
  visible,
  visibleBytes,
} from "./index.ts";

test("ordinary text of any script stays as it is", () => {
  const texts = [
    "plain text, a-b_c.d/e (1)",
    "größer, naïve, Tiếng Việt, e\u0301te\u0301",
    "日本語 한국어 漢字かな交じり",
    "العربية ٱلرَّحْمَٰنِ עברית קָמָץ בְּרֵאשִׁ֖ית",
    "हिन्दी தமிழ் สวัสดี ที่ ក្រុង မြန်မာ",
    // The longest syllable of Tibetan.
    "\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",
  ];
  for (const text of texts) assert.deepEqual(visible(text), [{ text }]);
});

test("emoji are pictures, with all that is in them", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}";
  const wales = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
  for (const text of [
    "\u{1f600}",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    family,
    wales,
    "\u{1f44d}\u{1f3fd}",
    "\u{1f1e9}\u{1f1ea}",
  ])
    assert.equal(plainText(`a ${text}.`), `a ${text}.`);
});

test("what only looks like part of an emoji is spelled out", () => {
  const cases: readonly [text: string, shown: string][] = [
    ["a\ufe0fb", "a⟦U+FE0F⟧b"],
    ["\u{1f600}\u200d", "\u{1f600}⟦U+200D⟧"],
    ["\u2764\ufe0f\ufe0f", "\u2764\ufe0f⟦U+FE0F⟧"],
    ["\u{1f3f4}\u{e0061}\u{e007f}", "\u{1f3f4}⟦U+E0061 U+E007F⟧"],
    ["1\ufe0f", "1⟦U+FE0F⟧"],
  ];
  for (const [text, shown] of cases) assert.equal(plainText(text), shown);
});

test("each has its kind and its label", () => {
  const cases: readonly [text: string, kind: string, label: RegExp][] = [
    ["\u001b", "control", /^escape$/],
    ["\u0085", "line-break", /^next line$/],
    ["\u202e", "bidi", /^right-to-left override$/],
    ["\u{e0041}", "tag", /^tag A$/],
    ["\u{e0100}", "variation-selector", /^variation selector$/],
    ["\u2063", "ignorable", /^not visible by itself$/],
    ["\u00a0", "space", /^no-break space$/],
    ["\u2003", "space", /^a space of another kind$/],
    ["\u2800", "blank", /^braille pattern blank/],
    ["\ue000", "private-use", /^private use$/],
    ["\uffff", "noncharacter", /^not a character$/],
    ["\u0378", "unassigned", /^not assigned$/],
    ["\udc80", "surrogate", /^half of a surrogate pair$/],
    ["\u0301", "combining", /^a mark with no letter/],
    ["⟦", "notation", /^a sign of this notation$/],
  ];
  for (const [text, kind, label] of cases) {
    const [segment] = visible(text);
    assert.equal(segment?.hidden?.[0]?.kind, kind, JSON.stringify(text));
    assert.match(segment.hidden[0].label, label);
  }
});

test("marks stay with their letter; piled up, repeated or without one they are spelled out", () => {
  const pile = "\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307";
  assert.equal(plainText(`a${pile}`), "a\u0300\u0301\u0302\u0303⟦U+0304 U+0305 U+0306 U+0307⟧");
  assert.equal(plainText("a\u0301\u0301\u0301"), "a\u0301⟦U+0301 ×2⟧");
  assert.equal(plainText("\u0338struck"), "⟦U+0338⟧struck");
  assert.equal(plainText("a\u200b\u0338"), "a⟦U+200B U+0338⟧");
  assert.equal(terminalCode("\t\u0338x"), "⇥⟦U+0338⟧x");
  // The Khmer coeng joins Khmer letters; between Latin ones it draws nothing.
  assert.equal(plainText("pay\u17d2pal"), "pay⟦U+17D2⟧pal");
});

test("bytes that are not UTF-8 are told from characters that look like them", () => {
  const bytes = Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xe2, 0x82]);
  const shown = plainText(bytes);
  assert.equal(shown, "a⟦0xFF⟧é⟦0xC0 0x80 0xED 0xA0 0x80 0xF4 0x90 0x80 ×2 0xE2 0x82⟧");
  assert.equal(visibleBytes(bytes)[1]?.hidden?.[0]?.kind, "not-utf8");
  assert.equal(plainText(Buffer.from("a\ufffd\ufeffé")), "a\ufffd⟦U+FEFF⟧é");
});

test("a text that looks like our notation is not taken for it", () => {
  assert.equal(plainText("⟦U+202E⟧"), "⟦U+27E6⟧U+202E⟧");
  assert.equal(terminalCode("\t⇥"), "⇥⟦U+21E5⟧");
  assert.equal(hidesSomething("⟦⇥"), false);
  assert.equal(hidesSomething("a\u00adb"), true);
  assert.equal(hidesSomething(Buffer.from([0x61, 0x80])), true);
});

test("the page's painter names what it marks, and counts repetitions", () => {
  assert.deepEqual(pagePieces("a\u202e\u200b\u200b b"), [
    { text: "a" },
    { mark: "⟦U+202E U+200B ×2⟧", title: "right-to-left override, zero width space" },
    { text: " b" },
  ]);
  assert.deepEqual(pagePieces("\ta\r", "tabs"), [{ text: "\ta" }, { mark: "⟦U+000D⟧", title: "carriage return" }]);
  assert.deepEqual(pagePieces("\u200b".repeat(1_000_000)), [{ mark: "⟦U+200B ×1000000⟧", title: "zero width space" }]);
});

test("a text that was painted before keeps its marks, and hides nothing all the same", () => {
  const painted = plainText(Buffer.from("a\u202e\u202e\xff⟦b", "utf8"));
  assert.equal(repainted(painted), painted);
  assert.equal(repainted("⟦U+202E⟧⟦x⟧\u200b"), "⟦U+202E⟧⟦U+27E6⟧x⟧⟦U+200B⟧");
  assert.deepEqual(paintedPieces("a⟦U+202E⟧\u200b"), [
    { text: "a" },
    { mark: "⟦U+202E⟧", title: "not visible by itself" },
    { mark: "⟦U+200B⟧", title: "zero width space" },
  ]);
});
