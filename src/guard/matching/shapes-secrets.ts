import type { Trigger } from "../rule.ts";
import { isBlank, isDigit, isWord, NEWLINE, skipBlank, startsWith, startsWithAnyCase } from "./bytes.ts";
import { hasValidChecksum } from "./checksums.ts";
import { inClass, lettersOf } from "./secret-alphabets.ts";
import type { Span } from "./shapes.ts";

/** Longest secret looked at: a JWT with many claims; beyond, the rest is not part of it. */
/** Shorter ones have enough digits, or are names. */
const RANDOM_MIN = 32;
const SECRET_BYTES_MAX = 8192;
/** A private key of 16,384 bits in PEM takes 12 KB. */
const KEY_BLOCK_BYTES_MAX = 32 * 1024;
/** Different characters that a secret of some length has; a placeholder (`xxxxxxxx`, `000000`) has fewer. */
const DISTINCT_MIN = 5;
/** So many letters of base64 in a row, slashes among them, are more than most paths have without a dot or a dash. */
const BASE64_RUN = 32;
/** So much of a secret is looked at for that. */
const VARIETY_BYTES = 96;

/** Index of the first byte at or after `first` that is not in the alphabet. */
function runEnd(bytes: Uint8Array, first: number, alphabet: string, most: number): number {
  const limit = Math.min(bytes.length, first + most);
  const letters = lettersOf(alphabet);
  let at = first;
  while (at < limit && letters[bytes[at] as number] === 1) at++;
  return at;
}

/** So many different bytes at least: a cheap bound for entropy that placeholders do not reach. */
export function isVaried(bytes: Uint8Array, start: number, end: number, least = DISTINCT_MIN): boolean {
  const seen = new Uint8Array(256);
  let distinct = 0;
  const limit = Math.min(end, start + VARIETY_BYTES);
  for (let at = start; at < limit && distinct < least; at++) {
    const byte = bytes[at] as number;
    if (seen[byte] === 1) continue;
    seen[byte] = 1;
    distinct++;
  }
  return distinct >= least;
}

interface Part {
  readonly alphabet: string;
  readonly least: number;
  readonly most: number;
  /** Text that stands there instead. */
  readonly text: string;
  /** It comes before the prefix. */
  readonly isBefore: boolean;
}

const PARSED = new WeakMap<readonly string[], readonly Part[]>();

/** `alphabet{least,most}`, `<alphabet{least,most}` for what comes before, or a text. Parsed once for each rule. */
function partsOf(values: readonly string[]): readonly Part[] {
  const known = PARSED.get(values);
  if (known !== undefined) return known;
  const parts = values.map((value): Part => {
    const [, before, alphabet, least, most] = /^(<?)([a-z0-9]+)\{(\d+),(\d+)\}$/i.exec(value) ?? [];
    if (alphabet === undefined) return { alphabet: "", least: 0, most: 0, text: value, isBefore: false };
    return { alphabet, least: Number(least), most: Number(most), text: "", isBefore: before === "<" };
  });
  PARSED.set(values, parts);
  return parts;
}

/**
 * A token that its prefix gives away. The trigger's values say what stands around it: an alphabet and how many of its letters, or
 * a separator. A checksum at the end makes sure, but is not asked of all: what looks like a token in all else is masked too.
 */
export function prefixedToken(bytes: Uint8Array, span: Span, { text, values = [] }: Trigger): boolean {
  // Asked first, so that one prefix after the other is not read on from each of them.
  const hasBefore = partsOf(values).some(({ isBefore }) => isBefore);
  if (!hasBefore && isWord(bytes[span.start]) && isWord(bytes[span.start - 1])) return false;
  let start = span.start;
  let at = span.end;
  for (const { alphabet, least, most, text: separator, isBefore } of partsOf(values)) {
    const from = isBefore ? start : at;
    if (isBefore) while (start > from - most && inClass(alphabet, bytes[start - 1] ?? 0)) start--;
    else if (separator === "") at = runEnd(bytes, at, alphabet, most);
    else at = startsWith(bytes, at, separator) ? at + separator.length : -1;
    if (at < 0 || Math.abs((isBefore ? start : at) - from) < least) return false;
  }
  // Something longer of the same letters is something else.
  const before = bytes[start - 1];
  if (isWord(before) || isWord(bytes[at])) return false;
  if ((before === 0x2b || before === 0x2f) && !text.includes("/") && isInsideBase64(bytes, start, span)) return false;
  const isRandom = isVaried(bytes, span.end, at) || isVaried(bytes, start, span.start);
  if (!isRandom && !hasValidChecksum(bytes, start, at)) return false;
  span.start = start;
  span.end = at;
  return true;
}

/** After `+` or `/`: base64 (RFC 4648, section 4) goes on before it, unless it is a path and its names are short. */
function isInsideBase64(bytes: Uint8Array, start: number, prefix: Pick<Span, "start" | "end">): boolean {
  for (let at = prefix.start; at < prefix.end; at++) if (!inClass("base64", bytes[at] as number)) return false;
  let before = start;
  while (before > start - BASE64_RUN && inClass("base64", bytes[before - 1] ?? 0)) before--;
  return start - before === BASE64_RUN;
}

/** `eyJ….eyJ….…`: a JSON Web Token (RFC 7519) with three or, encrypted, five parts. The prefix is the first part's beginning. */
export function jsonWebToken(bytes: Uint8Array, span: Span): boolean {
  if (inClass("base64url", bytes[span.start - 1] ?? 0)) return false;
  let at = runEnd(bytes, span.end, "base64url", SECRET_BYTES_MAX);
  let parts = 1;
  while (bytes[at] === 0x2e && parts < 5) {
    const end = runEnd(bytes, at + 1, "base64url", SECRET_BYTES_MAX);
    if (parts === 1 && !startsWith(bytes, at + 1, "eyJ") && end - at < 17) return false;
    at = end;
    parts++;
  }
  if (parts < 3 || at - span.start < 60) return false;
  span.end = at;
  return true;
}

/** `-----BEGIN … PRIVATE KEY-----` up to its end line, also where line breaks are escaped. The header stays. */
export function privateKeyBlock(bytes: Uint8Array, span: Span): boolean {
  const limit = Math.min(bytes.length, span.end + KEY_BLOCK_BYTES_MAX);
  let at = span.end;
  while (at < limit && bytes[at] !== 0x2d) at++;
  // A key is longer than the header's own dashes and what is said about it.
  if (at - span.end < 5) at = span.end;
  // One that begins inside another ends it, so that each byte is read once.
  for (; at < limit; at++) {
    if (bytes[at] !== 0x2d || !startsWith(bytes, at, "-----")) continue;
    if (startsWith(bytes, at, "-----END ") || startsWith(bytes, at, "-----BEGIN ")) break;
  }
  if (at - span.end < 48) return false;
  span.start = span.end;
  span.end = at;
  return true;
}

/** `Private-Lines: N` and as many lines of base64. */
export function puttyKey(bytes: Uint8Array, span: Span): boolean {
  const first = runEnd(bytes, span.end, "digit", 4);
  let at = first;
  const limit = Math.min(bytes.length, span.end + KEY_BLOCK_BYTES_MAX);
  while (at < limit && (inClass("padded", bytes[at] as number) || bytes[at] === NEWLINE || bytes[at] === 0x0d)) at++;
  if (at - first < 48) return false;
  span.start = first;
  span.end = at;
  return true;
}

/** `scheme://user:password@host`: the literal is `://`. */
export function urlPassword(bytes: Uint8Array, span: Span): boolean {
  let colon = -1;
  const limit = Math.min(bytes.length, span.end + 256);
  for (let at = span.end; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x3a && colon < 0) colon = at;
    else if (byte === 0x40) {
      if (colon < 0 || at - colon < 4 || isPlaceholder(bytes, colon + 1, at)) return false;
      span.start = colon + 1;
      span.end = at;
      return true;
    } else if (byte <= 0x20 || byte >= 0x7f || URL_STOPS[byte] === 1) return false;
  }
  return false;
}

const URL_STOPS = byteSet("/?#\"'<>`\\|(){}[]");

function byteSet(text: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of text) set[character.charCodeAt(0)] = 1;
  return set;
}

/** `Authorization: Bearer …`, `_authToken=…`: everything after the literal that is no blank. */
export function credentialAfter(bytes: Uint8Array, span: Span, { values = [] }: Trigger): boolean {
  const first = skipQuote(bytes, skipBlank(bytes, span.end, 4));
  // A credential that begins inside the last one read ends where that does, so each byte is read once.
  const known = span.credential;
  const isInside = known?.bytes === bytes && first >= known.first && first < known.end;
  const end = isInside ? known.end : runEnd(bytes, first, "credential", SECRET_BYTES_MAX);
  if (!isInside) span.credential = { bytes, first, end };
  const least = Number(values[0] ?? 16);
  if (end - first < least || isPlaceholder(bytes, first, end) || !isVaried(bytes, first, end, 8)) return false;
  span.start = first;
  span.end = end;
  return true;
}

/**
 * A name that says what its value is (`DB_PASSWORD=…`, `"api_key": "…"`, `Password=…;`), and a value that is one: no variable,
 * no call, no word. The literal is the name's last word.
 */
export function assignedSecret(bytes: Uint8Array, span: Span): boolean {
  let at = span.end;
  if (isWord(bytes[at])) return false;
  if (bytes[at] === 0x22 || bytes[at] === 0x27) at++;
  at = skipSpaces(bytes, at);
  if ((bytes[at] !== 0x3d && bytes[at] !== 0x3a) || bytes[at + 1] === 0x3d || bytes[at + 1] === 0x3a) return false;
  at = skipSpaces(bytes, at + 1);
  const quote = bytes[at];
  const isQuoted = quote === 0x22 || quote === 0x27;
  const isSetting = !isQuoted && standsInSettings(bytes, span.start);
  if (!isQuoted && !isSetting) return false;
  const first = isQuoted ? at + 1 : at;
  const end = runEnd(bytes, first, "value", 512);
  if (isQuoted ? bytes[end] !== quote : !endsSetting(bytes, end)) return false;
  const isCapital = isUpper(bytes[span.start]) && isUpper(bytes[span.start + 1]);
  const isPassword = startsWithAnyCase(bytes, span.start, "pass") || startsWithAnyCase(bytes, span.start, "pwd");
  if (!looksSecret(bytes, first, end, isSetting && (isCapital || isPassword))) return false;
  // In lower case it may be a line of a program, where a word is a name.
  if (isSetting && !isCapital && !hasDigit(bytes, first, end)) return false;
  span.start = first;
  span.end = end;
  return true;
}

/** True when the name is the first thing on its line (but for `export`), or a part of a connection string. */
function standsInSettings(bytes: Uint8Array, nameEnd: number): boolean {
  let at = nameEnd - 1;
  while (at > nameEnd - 64 && (isWord(bytes[at]) || bytes[at] === 0x2d || bytes[at] === 0x2e)) at--;
  const before = bytes[at];
  if (before === 0x3b || before === 0x3f || before === 0x26) return true;
  while (at > nameEnd - 96 && (bytes[at] === 0x20 || bytes[at] === 0x09)) at--;
  if (bytes[at] === undefined || bytes[at] === NEWLINE) return true;
  return startsWith(bytes, at - 5, "export");
}

const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

function hasDigit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (isDigit(bytes[at])) return true;
  return false;
}

function skipSpaces(bytes: Uint8Array, at: number): number {
  let index = at;
  while (index < at + 4 && (bytes[index] === 0x20 || bytes[index] === 0x09)) index++;
  return index;
}

function skipQuote(bytes: Uint8Array, at: number): number {
  return bytes[at] === 0x22 || bytes[at] === 0x27 ? at + 1 : at;
}

function endsSetting(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined || byte === NEWLINE || byte === 0x0d || byte === 0x3b || byte === 0x22 || byte === 0x26)
    return true;
  return isBlank(byte) && bytes[at + 1] === 0x23;
}

/** Of forty random letters and digits some have one digit or two only; no name of a program has capitals all over. */
function isRandomCase(length: number, lower: number, upper: number): boolean {
  return length >= RANDOM_MIN && lower * 4 >= length && upper * 4 >= length;
}

/** Digits and letters mixed, or signs between them; in a settings file, where a value can be nothing but a value, less is asked. */
function looksSecret(bytes: Uint8Array, start: number, end: number, isSetting: boolean): boolean {
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

function isPlaceholder(bytes: Uint8Array, start: number, end: number): boolean {
  return PLACEHOLDERS.some((word) => startsWithAnyCase(bytes, start, word)) || !isVaried(bytes, start, end, 4);
}
