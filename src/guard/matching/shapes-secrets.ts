import type { Trigger } from "../rule.ts";
import { isWord, NEWLINE, skipBlank, startsWith } from "./bytes.ts";
import { hasValidChecksum } from "./checksums.ts";
import { runEndOnce } from "./letter-runs.ts";
import { inClass, lettersOf } from "./secret-alphabets.ts";
import { isPlaceholder, isVaried, looksSecret, runEnd, skipQuote } from "./secret-values.ts";
import type { Span } from "./shapes.ts";

/** Longest secret looked at: a JWT with many claims; beyond, the rest is not part of it. */
const SECRET_BYTES_MAX = 8192;
/** A private key of 16,384 bits in PEM takes 12 KB. */
const KEY_BLOCK_BYTES_MAX = 32 * 1024;
/** So many letters of base64 in a row, slashes among them, are more than most paths have without a dot or a dash. */
const BASE64_RUN = 32;

interface Part {
  readonly alphabet: string;
  readonly letters: Uint8Array;
  readonly least: number;
  readonly most: number;
  /** Text that stands there instead. */
  readonly text: string;
  /** It comes before the prefix. */
  readonly isBefore: boolean;
}

interface Parts {
  readonly all: readonly Part[];
  readonly hasBefore: boolean;
}

const PARSED = new WeakMap<readonly string[], Parts>();

/** `alphabet{least,most}`, `<alphabet{least,most}` for what comes before, or a text. Parsed once for each rule. */
function partsOf(values: readonly string[]): Parts {
  const known = PARSED.get(values);
  if (known !== undefined) return known;
  const all = values.map((value): Part => {
    const [, before, alphabet, least, most] = /^(<?)([a-z0-9]+)\{(\d+),(\d+)\}$/i.exec(value) ?? [];
    if (alphabet === undefined)
      return { alphabet: "", letters: lettersOf(""), least: 0, most: 0, text: value, isBefore: false };
    return {
      alphabet,
      letters: lettersOf(alphabet),
      least: Number(least),
      most: Number(most),
      text: "",
      isBefore: before === "<",
    };
  });
  const parts = { all, hasBefore: all.some(({ isBefore }) => isBefore) };
  PARSED.set(values, parts);
  return parts;
}

/**
 * A token that its prefix gives away. The trigger's values say what stands around it: an alphabet and how many of its letters, or
 * a separator. A checksum at the end makes sure, but is not asked of all: what looks like a token in all else is masked too.
 */
export function prefixedToken(bytes: Uint8Array, span: Span, { text, values = [] }: Trigger): boolean {
  const parts = partsOf(values);
  // Asked first, so that one prefix after the other is not read on from each of them.
  if (!parts.hasBefore && isWord(bytes[span.start]) && isWord(bytes[span.start - 1])) return false;
  let start = span.start;
  let at = span.end;
  for (const { alphabet, letters, least, most, text: separator, isBefore } of parts.all) {
    const from = isBefore ? start : at;
    if (isBefore) while (start > from - most && letters[bytes[start - 1] ?? 0] === 1) start--;
    else if (separator === "") {
      // The last letter there must be tells most texts from tokens.
      if (letters[bytes[at + least - 1] ?? 0] !== 1) return false;
      at = runEndOnce(span, bytes, at, alphabet, most);
    } else at = startsWith(bytes, at, separator) ? at + separator.length : -1;
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

/** `scheme://user:password@host`, or a token instead of both: the literal is `://`. */
export function urlPassword(bytes: Uint8Array, span: Span): boolean {
  let colon = -1;
  const limit = Math.min(bytes.length, span.end + 256);
  for (let at = span.end; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x3a && colon < 0) colon = at;
    else if (byte === 0x40) {
      const first = colon < 0 ? span.end : colon + 1;
      if (colon < 0 && !looksSecret(bytes, first, at, false)) return false;
      if (at - first < 3 || isPlaceholder(bytes, first, at)) return false;
      span.start = first;
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
  const end = runEndOnce(span, bytes, first, "credential", SECRET_BYTES_MAX);
  const least = Number(values[0] ?? 16);
  if (end - first < least || isPlaceholder(bytes, first, end) || !isVaried(bytes, first, end, 8)) return false;
  span.start = first;
  span.end = end;
  return true;
}
