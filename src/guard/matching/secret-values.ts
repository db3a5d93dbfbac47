import { byteStringOf } from "../../base/byte-string.ts";
import { startsWithAnyCase } from "./bytes.ts";
import { lettersOf } from "./secret-alphabets.ts";

/** What values of secrets look like, and what stands in their place. */

/** Different characters that a secret of some length has; a placeholder (`xxxxxxxx`, `000000`) has fewer. */
const DISTINCT_MIN = 5;
/** So much of a secret is looked at for that. */
const VARIETY_BYTES = 96;
/** Shorter ones have enough digits, or are names. */
const RANDOM_MIN = 32;

/** Index of the first byte at or after `first` that is not in the alphabet. */
export function runEnd(bytes: Uint8Array, first: number, alphabet: string, most: number): number {
  const limit = Math.min(bytes.length, first + most);
  const letters = lettersOf(alphabet);
  let at = first;
  while (at < limit && letters[bytes[at] as number] === 1) at++;
  return at;
}

/** By byte, in which call it was seen last: a set for each call costs more than all else in a text full of beginnings. */
const SEEN = new Uint32Array(256);
let generation = 0;

/** So many different bytes at least: a cheap bound for entropy that placeholders do not reach. */
export function isVaried(bytes: Uint8Array, start: number, end: number, least = DISTINCT_MIN): boolean {
  generation = generation === 0xffffffff ? 1 : generation + 1;
  let distinct = 0;
  const limit = Math.min(end, start + VARIETY_BYTES);
  for (let at = start; at < limit && distinct < least; at++) {
    const byte = bytes[at] as number;
    if (SEEN[byte] === generation) continue;
    SEEN[byte] = generation;
    distinct++;
  }
  return distinct >= least;
}

export function skipQuote(bytes: Uint8Array, at: number): number {
  return bytes[at] === 0x22 || bytes[at] === 0x27 ? at + 1 : at;
}

/** Of forty random letters and digits some have one digit or two only; no name of a program has capitals all over. */
function isRandomCase(length: number, lower: number, upper: number): boolean {
  return length >= RANDOM_MIN && lower * 4 >= length && upper * 4 >= length;
}

/** Digits and letters mixed, or signs between them; in a settings file, where a value can be nothing but a value, less is asked. */
export function looksSecret(bytes: Uint8Array, start: number, end: number, isSetting: boolean): boolean {
  const length = end - start;
  if (length < (isSetting ? 6 : 12) || isPlaceholder(bytes, start, end)) return false;
  let [digits, lower, upper, dashes, dots] = [0, 0, 0, 0, 0];
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (byte >= 0x61 && byte <= 0x7a) lower++;
    else if (byte >= 0x41 && byte <= 0x5a) upper++;
    else if (byte === 0x2d || byte === 0x5f) dashes++;
    else if (byte === 0x2e) dots++;
  }
  const letters = lower + upper;
  if (digits === length || dots > 2) return false;
  if (isSetting) return digits > 0 || (upper > 0 && lower > 0) || length >= 16;
  if (isUuid(length, digits + letters, dashes)) return false;
  if (letters >= 4 && digits >= 1 && isRandomCase(length, lower, upper)) return isVaried(bytes, start, end, 18);
  return digits >= 2 && letters >= 4 && isVaried(bytes, start, end, 9) && digits * 10 >= length;
}

const isUuid = (length: number, letters: number, dashes: number): boolean =>
  length === 36 && dashes === 4 && letters === 32;

const PLACEHOLDERS = [
  "(masked",
  "your",
  "example",
  "changeme",
  "placeholder",
  "<",
  "$",
  "{",
  "xxx",
  "***",
  "...",
  "%",
  "/",
  "process.",
  "null",
  "none",
  "true",
  "false",
  "undefined",
  "@",
  "test",
];

/** By first byte, in either case. */
const PLACEHOLDERS_FROM = Array.from({ length: 256 }, (_, byte) =>
  PLACEHOLDERS.filter((word) => startsWithAnyCase(Uint8Array.of(byte), 0, word.charAt(0))),
);

export function isPlaceholder(bytes: Uint8Array, start: number, end: number): boolean {
  const words = PLACEHOLDERS_FROM[bytes[start] ?? 0] as readonly string[];
  return words.some((word) => startsWithAnyCase(bytes, start, word)) || !isVaried(bytes, start, end, 4);
}

/** So many signs of so many kinds are in generated values, and in no name, path or expression. */
const SIGNS_MIN = 3;
const SIGNED_BYTES_MIN = 24;

/** Long, with letters, digits and signs of several kinds among them, as frameworks make their keys. */
export function hasManySigns(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < SIGNED_BYTES_MIN) return false;
  const text = byteStringOf(bytes.subarray(start, end));
  if (!/[0-9]/.test(text) || !/[a-z].*[a-z].*[a-z]/i.test(text)) return false;
  return new Set(text.replace(/[A-Za-z0-9_./ -]/g, "")).size >= SIGNS_MIN && !/[{}<>\\]/.test(text);
}
