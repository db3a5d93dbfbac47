/** Small questions about bytes at a place. Reading beyond the end gives `undefined`, which no class contains. */

export const LT = 0x3c;
export const GT = 0x3e;
export const BAR = 0x7c;
export const NEWLINE = 0x0a;
export const ESC = 0x1b;
export const BACKSLASH = 0x5c;
export const QUOTE = 0x22;
export const APOSTROPHE = 0x27;

const WORD = 1;
const NAME = 2;
const BLANK = 4;
const HEX = 8;
const BASE64 = 16;
const DIGIT = 32;
const LOWER = 64;
/** What may stand between the start of a line and a label: indentation, quotation and list marks, quotes, emphasis. */
const MARKER = 128;

const CLASSES = new Uint8Array(256);

function mark(characters: string, bit: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    CLASSES[code] = (CLASSES[code] as number) | bit;
  }
}

const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
mark(`${lower}${lower.toUpperCase()}${digits}_`, WORD);
mark(`${lower}${lower.toUpperCase()}${digits}_./-:+=@~$#`, NAME);
mark(" \t\r\n", BLANK);
mark(`${digits}abcdefABCDEF`, HEX);
mark(`${lower}${lower.toUpperCase()}${digits}+/-_`, BASE64);
mark(digits, DIGIT);
mark(`${lower}_`, LOWER);
mark(" \t\r>*-#\"'`", MARKER);

const has = (byte: number | undefined, bit: number): boolean =>
  byte !== undefined && ((CLASSES[byte] as number) & bit) !== 0;

export const isWord = (byte: number | undefined): boolean => has(byte, WORD);
/** What may stand in the name of a special token: also signs that some families use, and letters beyond ASCII. */
export const isNameByte = (byte: number | undefined): boolean =>
  byte !== undefined && (byte >= 0x80 || has(byte, NAME));
export const isBlank = (byte: number | undefined): boolean => has(byte, BLANK);
export const isHex = (byte: number | undefined): boolean => has(byte, HEX);
export const isBase64 = (byte: number | undefined): boolean => has(byte, BASE64);
export const isDigit = (byte: number | undefined): boolean => has(byte, DIGIT);
export const isLower = (byte: number | undefined): boolean => has(byte, LOWER);
export const isMarker = (byte: number | undefined): boolean => has(byte, MARKER);

/** The value of a hexadecimal digit; only for bytes that are one. */
export function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}

/** Index of the first byte at or after `at` that is not white space, looking at no more than `most` bytes. */
export function skipBlank(bytes: Uint8Array, at: number, most: number): number {
  const limit = at + most;
  let index = at;
  while (index < limit && isBlank(bytes[index])) index++;
  return index;
}

export function startsWith(bytes: Uint8Array, at: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index++) if (bytes[at + index] !== ascii.charCodeAt(index)) return false;
  return true;
}

/** As `startsWith`; `lower` is in lower case and letters match in either. */
export function startsWithAnyCase(bytes: Uint8Array, at: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return false;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== lower.charCodeAt(index)) return false;
  }
  return true;
}

/** The code point of a UTF-8 sequence that starts here, or -1 when there is none (strict: no overlong, no surrogate). */
export function codePointAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead === undefined) return -1;
  if (lead < 0x80) return lead;
  const second = bytes[at + 1];
  if (lead < 0xc2 || lead > 0xf4 || second === undefined || (second & 0xc0) !== 0x80) return -1;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (second & 0x3f);
  const third = bytes[at + 2];
  if (third === undefined || (third & 0xc0) !== 0x80) return -1;
  if (lead < 0xf0) {
    const point = ((lead & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
    return point < 0x800 || (point >= 0xd800 && point <= 0xdfff) ? -1 : point;
  }
  const fourth = bytes[at + 3];
  if (fourth === undefined || (fourth & 0xc0) !== 0x80) return -1;
  const point = ((lead & 0x07) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (fourth & 0x3f);
  return point < 0x10000 || point > 0x10ffff ? -1 : point;
}

/** Bytes that a code point takes in UTF-8. */
export function utf8Length(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}
