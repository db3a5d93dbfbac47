import assert from "node:assert/strict";
import { test } from "node:test";
import { hiddenKind, pagePieces, plainText, terminalLine } from "./index.ts";

/** Every code point there is, through the three painters. */

const LAST = 0x10ffff;

function shownAsItself(text: string): boolean {
  const plain = plainText(text) === text;
  const terminal = terminalLine(text) === text;
  const page = pagePieces(text).every((piece) => piece.text !== undefined);
  if (plain !== terminal || plain !== page)
    assert.fail(`the painters disagree on ${JSON.stringify(text)}: ${[plain, terminal, page]}`);
  return plain;
}

test("the painters agree on every code point, alone and among letters", () => {
  for (let point = 0; point <= LAST; point++) {
    const character = String.fromCodePoint(point);
    const kind = hiddenKind(point);
    const isMark = /^\p{M}$/u.test(character);
    // A mark with no letter is hidden; among Latin letters that depends on its script, and is not told here.
    const expected = kind === undefined && !isMark;
    if (shownAsItself(character) !== expected) assert.fail(`U+${point.toString(16)} alone`);
    if (kind === "unassigned" || kind === "private-use") continue;
    const between = shownAsItself(`a${character}b`);
    if (between !== expected && !(isMark && kind === undefined)) assert.fail(`U+${point.toString(16)} among letters`);
  }
});

/** Ranges of those that are hidden, by kind; the unassigned, private and surrogate ones by number alone. */
function rangesByKind(): Record<string, string> {
  const ranges = new Map<string, [number, number][]>();
  for (let point = 0; point <= LAST; point++) {
    const kind = hiddenKind(point);
    if (kind === undefined) continue;
    const list = ranges.get(kind) ?? [];
    ranges.set(kind, list);
    const last = list.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else list.push([point, point]);
  }
  const hex = (point: number): string => point.toString(16).toUpperCase().padStart(4, "0");
  const listed = [...ranges].map(([kind, list]) => {
    const count = list.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    const text = list.map(([first, last]) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`)).join(" ");
    return [kind, list.length > 40 ? `${count} in ${list.length} ranges` : text];
  });
  return Object.fromEntries(listed);
}

test("which characters are hidden, as of Unicode 17", () => {
  assert.equal(process.versions.unicode, "17.0", "another Unicode: look at what changed below");
  assert.deepEqual(rangesByKind(), {
    "line-break": "000A-000D 0085 2028-2029",
    control: "0000-0009 000E-001F 007F-0084 0086-009F",
    bidi: "061C 200E-200F 202A-202E 2066-2069",
    tag: "E0000-E007F",
    "variation-selector": "180B-180D 180F FE00-FE0F E0100-E01EF",
    ignorable:
      "00AD 034F 0600-0605 06DD 070F 0890-0891 08E2 115F-1160 17B4-17B5 180E 200B-200D 2060-2065 206A-206F 3164 FEFF " +
      "FFA0 FFF0-FFFB 110BD 110CD 13430-1343F 1BCA0-1BCA3 1D173-1D17A E0080-E00FF E01F0-E0FFF",
    space: "00A0 1680 2000-200A 202F 205F 3000",
    blank: "2800 FFFC 1107F 13441-13442 16FE4 1D159",
    "private-use": "E000-F8FF F0000-FFFFD 100000-10FFFD",
    noncharacter:
      "FDD0-FDEF FFFE-FFFF 1FFFE-1FFFF 2FFFE-2FFFF 3FFFE-3FFFF 4FFFE-4FFFF 5FFFE-5FFFF 6FFFE-6FFFF 7FFFE-7FFFF " +
      "8FFFE-8FFFF 9FFFE-9FFFF AFFFE-AFFFF BFFFE-BFFFF CFFFE-CFFFF DFFFE-DFFFF EFFFE-EFFFF FFFFE-FFFFF 10FFFE-10FFFF",
    surrogate: "D800-DFFF",
    notation: "21E5 27E6",
    unassigned: "810895 in 738 ranges",
  });
});
