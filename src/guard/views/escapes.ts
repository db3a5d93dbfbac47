import { BACKSLASH, hexValue, isHex } from "../matching/bytes.ts";
import type { Unit } from "./entities.ts";

/** One-letter escapes of JSON (RFC 8259, section 7) and of C-like languages, by the letter's byte; 0 for none. */
const SIMPLE = new Uint8Array(256);
for (const [letter, stands] of [
  [0x22, 0x22], // \"
  [0x27, 0x27], // \'
  [0x2f, 0x2f], // \/
  [0x5c, 0x5c], // \\
  [0x60, 0x60], // \`
  [0x6e, 0x0a], // \n
  [0x72, 0x0d], // \r
  [0x74, 0x09], // \t
  [0x65, 0x1b], // \e
] as const)
  SIMPLE[letter] = stands;

/**
 * Reads the escape that starts with the backslash at `at`. With `collapse` a whole row of backslashes counts as one:
 * that is how a string in a string in a string is read when only one level is left to look at.
 */
export function readEscape(bytes: Uint8Array, at: number, collapse: boolean, unit: Unit): boolean {
  let letterAt = at + 1;
  if (collapse) while (bytes[letterAt] === BACKSLASH) letterAt++;
  const letter = bytes[letterAt];
  if (letter === undefined) return false;
  const before = letterAt - at;
  if (letter === 0x75 || letter === 0x55) return readUnicode(bytes, letterAt, before, unit);
  if (letter === 0x78) return readHex(bytes, letterAt + 1, 2, before + 1, unit);
  if (letter >= 0x30 && letter <= 0x33) return readOctal(bytes, letterAt, before, unit);
  const simple = SIMPLE[letter] as number;
  if (simple === 0) return false;
  unit.point = simple;
  unit.length = before + 1;
  return true;
}

/** `\uXXXX` with surrogate pairs, `\u{X…}`, `\UXXXXXXXX`. */
function readUnicode(bytes: Uint8Array, letterAt: number, before: number, unit: Unit): boolean {
  if (bytes[letterAt + 1] === 0x7b) return readBraced(bytes, letterAt + 2, before + 2, unit);
  if (bytes[letterAt] === 0x55) return readHex(bytes, letterAt + 1, 8, before + 1, unit);
  if (!readHex(bytes, letterAt + 1, 4, before + 1, unit)) return false;
  const high = unit.point;
  if (high < 0xd800 || high > 0xdbff) return high < 0xdc00 || high > 0xdfff;
  let next = letterAt + 5;
  while (bytes[next] === BACKSLASH && next < letterAt + 5 + before) next++;
  if (next === letterAt + 5 || bytes[next] !== 0x75) return false;
  const length = unit.length;
  if (!readHex(bytes, next + 1, 4, 0, unit) || unit.point < 0xdc00 || unit.point > 0xdfff) return false;
  unit.length = length + next - (letterAt + 5) + 5;
  unit.point = 0x10000 + ((high - 0xd800) << 10) + (unit.point - 0xdc00);
  return true;
}

function readHex(bytes: Uint8Array, first: number, digits: number, before: number, unit: Unit): boolean {
  let point = 0;
  for (let index = first; index < first + digits; index++) {
    if (!isHex(bytes[index])) return false;
    point = point * 16 + hexValue(bytes[index] as number);
  }
  unit.point = point;
  unit.length = before + digits;
  return point <= 0x10ffff;
}

function readBraced(bytes: Uint8Array, first: number, before: number, unit: Unit): boolean {
  let end = first;
  while (end - first < 8 && isHex(bytes[end])) end++;
  if (end === first || bytes[end] !== 0x7d || !readHex(bytes, first, end - first, before, unit)) return false;
  unit.length++;
  return unit.point < 0xd800 || unit.point > 0xdfff;
}

/** `\033`: three octal digits. */
function readOctal(bytes: Uint8Array, first: number, before: number, unit: Unit): boolean {
  let point = 0;
  for (let index = first; index < first + 3; index++) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return false;
    point = point * 8 + digit;
  }
  unit.point = point;
  unit.length = before + 3;
  return true;
}
