import { hexValue, isDigit, isHex, startsWith } from "../matching/bytes.ts";
import { KnownStrings } from "../matching/known-strings.ts";

/** Named character references (HTML Living Standard, section 13.5) of the characters that control structures use. */
const NAMED: Readonly<Record<string, number>> = {
  lt: 0x3c,
  LT: 0x3c,
  gt: 0x3e,
  GT: 0x3e,
  amp: 0x26,
  AMP: 0x26,
  quot: 0x22,
  QUOT: 0x22,
  apos: 0x27,
  nbsp: 0x20,
  vert: 0x7c,
  verbar: 0x7c,
  VerticalLine: 0x7c,
  lbrack: 0x5b,
  lsqb: 0x5b,
  rbrack: 0x5d,
  rsqb: 0x5d,
  lbrace: 0x7b,
  lcub: 0x7b,
  rbrace: 0x7d,
  rcub: 0x7d,
  lpar: 0x28,
  rpar: 0x29,
  colon: 0x3a,
  semi: 0x3b,
  comma: 0x2c,
  period: 0x2e,
  excl: 0x21,
  quest: 0x3f,
  equals: 0x3d,
  lowbar: 0x5f,
  UnderBar: 0x5f,
  sol: 0x2f,
  bsol: 0x5c,
  num: 0x23,
  dollar: 0x24,
  percnt: 0x25,
  ast: 0x2a,
  plus: 0x2b,
  commat: 0x40,
  grave: 0x60,
  Tab: 0x09,
  NewLine: 0x0a,
  shy: 0xad,
  zwj: 0x200d,
  zwnj: 0x200c,
};
const KNOWN_NAMES = new KnownStrings(Object.keys(NAMED));
const NAMED_POINTS = Object.values(NAMED);
const NAME_MAX = 12;
const DIGITS_MAX = 10;
/** References that browsers also take without a semicolon. */
const BARE = ["lt", "gt", "amp", "quot"] as const;

/** A decoded unit: the code point, and the bytes it took in the source. `length` 0 means there is none. */
export interface Unit {
  point: number;
  length: number;
}

/** Reads a character reference that starts with the `&` at `at`. */
export function readEntity(bytes: Uint8Array, at: number, unit: Unit): boolean {
  if (bytes[at + 1] === 0x23) return readNumeric(bytes, at, unit);
  if (readCommon(bytes, at, unit)) return true;
  let end = at + 1;
  while (end - at <= NAME_MAX && isLetter(bytes[end])) end++;
  if (end === at + 1) return false;
  const closed = bytes[end] === 0x3b;
  const name = closed ? KNOWN_NAMES.find(bytes, at + 1, end) : -1;
  if (name >= 0) return found(unit, NAMED_POINTS[name] as number, end + 1 - at);
  const bare = closed ? undefined : BARE.find((prefix) => startsWith(bytes, at + 1, prefix));
  return bare !== undefined && found(unit, NAMED[bare] as number, bare.length + 1);
}

/** `&lt;`, `&gt;`, `&amp;`: nearly all references there are, without making a string of the name. */
function readCommon(bytes: Uint8Array, at: number, unit: Unit): boolean {
  const first = bytes[at + 1];
  if (bytes[at + 2] === 0x74 && bytes[at + 3] === 0x3b) {
    if (first === 0x6c) return found(unit, 0x3c, 4);
    if (first === 0x67) return found(unit, 0x3e, 4);
  }
  const isAmp = first === 0x61 && bytes[at + 2] === 0x6d && bytes[at + 3] === 0x70 && bytes[at + 4] === 0x3b;
  return isAmp && found(unit, 0x26, 5);
}

function readNumeric(bytes: Uint8Array, at: number, unit: Unit): boolean {
  const hex = ((bytes[at + 2] as number) | 0x20) === 0x78;
  const first = at + (hex ? 3 : 2);
  let end = first;
  let point = 0;
  while (end - first < DIGITS_MAX && (hex ? isHex(bytes[end]) : isDigit(bytes[end]))) {
    point = point * (hex ? 16 : 10) + hexValue(bytes[end] as number);
    end++;
  }
  if (end === first || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  return found(unit, point, end - at + (bytes[end] === 0x3b ? 1 : 0));
}

function found(unit: Unit, point: number, length: number): true {
  unit.point = point;
  unit.length = length;
  return true;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}
