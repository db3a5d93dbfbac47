import { byteStringOf } from "../../base/byte-string.ts";
import type { Trigger } from "../rule.ts";
import { isDigit, isWord, NEWLINE, skipBlank, startsWith, startsWithAnyCase } from "./bytes.ts";
import { isOpaque, isQuote, isVisible, take, WORD_BYTES_MAX, wordEnd } from "./credential-words.ts";
import { runEndOnce } from "./letter-runs.ts";
import { isPlaceholder, isVaried, runEnd } from "./secret-values.ts";
import type { Span } from "./shapes.ts";

/** Secrets that the form around them gives away: files of credentials, headers, hashes of passwords. */

const COLON = 0x3a;
const QUOTE = 0x22;
/** Shorter hashes are identifiers. */
const HASH_MIN = 24;
/** What comes after the last `$` of a hash: of SHA-1's 20 bytes and MD5's 16 it is some letters longer. */
const LAST_PART_MIN = 20;

/** `machine HOST login USER password …` and `default login …` of `.netrc`, on one line or several. */
export function netrcPassword(bytes: Uint8Array, span: Span): boolean {
  let at = skipBlank(bytes, span.end, 16);
  if (at === span.end) return false;
  if (startsWithAnyCase(bytes, span.start, "machine")) at = skipBlank(bytes, wordEnd(bytes, at), 16);
  let hasLogin = false;
  for (let pair = 0; pair < 3; pair++) {
    const nameEnd = wordEnd(bytes, at);
    const first = skipBlank(bytes, nameEnd, 16);
    const end = wordEnd(bytes, first);
    if (startsWith(bytes, at, "password") && nameEnd === at + 8) return hasLogin && take(bytes, span, first, end);
    if (startsWith(bytes, at, "login") && nameEnd === at + 5) hasLogin = true;
    else if (!startsWith(bytes, at, "account")) return false;
    at = skipBlank(bytes, end, 16);
  }
  return false;
}

/** `host:port:database:user:password` of `.pgpass`; the literal is the port with its colons. */
export function pgpassPassword(bytes: Uint8Array, span: Span): boolean {
  let host = span.start;
  while (host > span.start - WORD_BYTES_MAX && isHostByte(bytes[host - 1])) host--;
  if (host === span.start || (bytes[host - 1] !== undefined && bytes[host - 1] !== NEWLINE)) return false;
  const database = fieldEnd(bytes, span.end);
  const user = bytes[database] === COLON ? fieldEnd(bytes, database + 1) : -1;
  if (user < 0 || bytes[user] !== COLON || database === span.end || user === database + 1) return false;
  const end = wordEnd(bytes, user + 1);
  const isLine = bytes[end] === undefined || bytes[end] === NEWLINE || bytes[end] === 0x0d;
  return isLine && take(bytes, span, user + 1, end);
}

const isHostByte = (byte: number | undefined): boolean =>
  isWord(byte) || byte === 0x2a || byte === 0x2d || byte === 0x2e;

function fieldEnd(bytes: Uint8Array, first: number): number {
  let at = first;
  while (at - first < WORD_BYTES_MAX && isVisible(bytes[at]) && bytes[at] !== COLON) at++;
  return at;
}

/** Longest row of cookies: browsers keep 4,096 bytes of each. */
const COOKIES_BYTES_MAX = 4096;

/** `Cookie: a=b; session=…`, also as a member of JSON: from the first value that nobody has written on. The literal is `cookie`. */
export function cookieValue(bytes: Uint8Array, span: Span): boolean {
  const from = afterName(bytes, span.end);
  if (from < 0) return false;
  // Cookies that begin inside the last ones read are those: what comes behind them is read, so each byte is read once.
  const known = span.cookies;
  const isInside = known?.bytes === bytes && from >= known.first && from < known.end;
  const limit = from + COOKIES_BYTES_MAX;
  let at = isInside ? known.end : from;
  for (;;) {
    const first = nextValue(bytes, at, limit);
    if (first < 0) {
      span.cookies = { bytes, first: from, end: -first };
      return false;
    }
    at = cookieEnd(bytes, first, limit, 0x3b);
    if (!isOpaque(bytes, first, at) || isPlaceholder(bytes, first, at)) continue;
    at = cookieEnd(bytes, first, limit, NEWLINE);
    span.start = first;
    span.end = bytes[at - 1] === 0x0d ? at - 1 : at;
    span.cookies = { bytes, first: from, end: at };
    return true;
  }
}

/** Where the value of the next cookie begins; when none follows, less than 0 by where that was seen. */
function nextValue(bytes: Uint8Array, from: number, limit: number): number {
  let at = from;
  while (at < limit) {
    while (bytes[at] === 0x20 || bytes[at] === 0x3b) at++;
    const name = at;
    while (at - name < WORD_BYTES_MAX && isVisible(bytes[at]) && bytes[at] !== 0x3d && bytes[at] !== 0x3b) at++;
    if (at === name || isQuote(bytes[name])) return -name;
    if (bytes[at] === 0x3d) return at + 1;
  }
  return -at;
}

/** Where the value ends, or with a line's end as `stop` the row of cookies; a quote or its escape ends both. */
function cookieEnd(bytes: Uint8Array, first: number, limit: number, stop: number): number {
  let at = first;
  while (at < limit && bytes[at] !== stop && bytes[at] !== 0x5c && !isQuote(bytes[at])) {
    const isInside = stop === NEWLINE ? bytes[at] !== undefined : isVisible(bytes[at]);
    if (!isInside) break;
    at++;
  }
  return at;
}

/** Behind `name:`, `name=`, `"name": "`; -1 when none of these follows. */
function afterName(bytes: Uint8Array, from: number): number {
  let at = isQuote(bytes[from]) ? from + 1 : from;
  at = skipBlank(bytes, at, 4);
  if (bytes[at] !== COLON && bytes[at] !== 0x3d && bytes[at] !== 0x2c) return -1;
  if (bytes[at] === 0x2c && !isQuote(bytes[from])) return -1;
  at = skipBlank(bytes, at + 1, 4);
  return isQuote(bytes[at]) ? at + 1 : at;
}

const SCHEMES = ["basic", "bearer", "token", "apikey", "bot", "negotiate", "aws4-hmac-sha256", "digest", "splunk"];

/** `Authorization: SCHEME …` as a header or a member. The literal is the header's name. */
export function authorization(bytes: Uint8Array, span: Span): boolean {
  const at = afterName(bytes, span.end);
  if (at < 0) return false;
  const scheme = SCHEMES.find((name) => startsWithAnyCase(bytes, at, name) && bytes[at + name.length] === 0x20);
  if (scheme === undefined) return false;
  const first = skipBlank(bytes, at + scheme.length, 4);
  if (scheme === "digest" || scheme.startsWith("aws4")) return signedResponse(bytes, span, first);
  const end = runEndOnce(span, bytes, first, "credential", 8192);
  const least = scheme === "basic" ? 8 : 16;
  if (end - first < least || isPlaceholder(bytes, first, end)) return false;
  const isLong = end - first >= 16 && isVaried(bytes, first, end, 8);
  if (!isLong && !(scheme === "basic" && isPair(bytes, first, end))) return false;
  span.start = first;
  span.end = end;
  return true;
}

/** Whether it decodes to `user:password`. */
function isPair(bytes: Uint8Array, first: number, end: number): boolean {
  const encoded = byteStringOf(bytes.subarray(first, Math.min(end, first + 512)));
  return /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(byteStringOf(Buffer.from(encoded, "base64")));
}

const SIGNATURES = ["response=", "signature="];

/** `response="…"`, `Signature=…`: what is computed from the secret, and good for one request or more. */
function signedResponse(bytes: Uint8Array, span: Span, from: number): boolean {
  for (let at = from; at < from + 512 && isPrintable(bytes[at]); at++) {
    // The next header is looked at by itself, so each byte is read once.
    if (startsWithAnyCase(bytes, at, "authorization")) return false;
    const name = SIGNATURES.find((text) => startsWithAnyCase(bytes, at, text));
    if (name === undefined) continue;
    const first = at + name.length + (isQuote(bytes[at + name.length]) ? 1 : 0);
    return take(bytes, span, first, runEnd(bytes, first, "hex", 256), 32);
  }
  return false;
}

const isPrintable = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x20 && byte < 0x7f;

/** A hash of a password with its salt (crypt(5), `{SSHA}`, Django's). The literal is what names the method. */
export function passwordHash(bytes: Uint8Array, span: Span): boolean {
  if (isWord(bytes[span.start - 1]) && isWord(bytes[span.start])) return false;
  const end = runEndOnce(span, bytes, span.end, "crypt", 512);
  const last = end - LAST_PART_MIN;
  if (last < span.end) return false;
  for (let at = end - 1; at >= last; at--) if (bytes[at] === 0x24) return false;
  if (!isMixed(bytes, span.end, end) || !isVaried(bytes, span.end, end, 12)) return false;
  return take(bytes, span, span.end, end, HASH_MIN);
}

/** A digit, and some letters of either case. */
function isMixed(bytes: Uint8Array, first: number, end: number): boolean {
  let [lower, upper, digits] = [0, 0, 0];
  for (let at = first; at < end; at++) {
    const byte = bytes[at] as number;
    if (isDigit(byte)) digits++;
    else if (byte >= 0x61 && byte <= 0x7a) lower++;
    else if (byte >= 0x41 && byte <= 0x5a) upper++;
    if (digits > 0 && lower >= 4 && upper >= 4) return true;
  }
  return false;
}

/** `<password>…</password>`: the literal is the opening tag. Names of tags that say less want a value that says more. */
export function elementSecret(bytes: Uint8Array, span: Span, { values = [] }: Trigger): boolean {
  let end = span.end;
  while (end - span.end < 512 && isVisible(bytes[end]) && bytes[end] !== 0x3c) end++;
  if (bytes[end] !== 0x3c || bytes[end + 1] !== 0x2f) return false;
  if (values[0] === "opaque" && !isOpaque(bytes, span.end, end)) return false;
  return take(bytes, span, span.end, end);
}

/** How far apart the members of a key in JSON are at most: one of 8,192 bits has some 10 KB, and `kty` stands at one of its ends. */
const JWK_BYTES_MAX = 4096;
const JWK_VALUE_MIN = 32;
const KTY = Buffer.from('"kty"');

/** `"d": "…"` beside `"kty"`: the private part of a JSON Web Key (RFC 7517, RFC 7518). */
export function jwkMember(bytes: Uint8Array, span: Span): boolean {
  const colon = skipBlank(bytes, span.end, 4);
  const open = skipBlank(bytes, colon + 1, 4);
  if (bytes[colon] !== COLON || bytes[open] !== QUOTE) return false;
  const end = runEndOnce(span, bytes, open + 1, "padded", 8192);
  const isSlashed = bytes[end] === 0x2b || bytes[end] === 0x2f;
  const slashed = isSlashed ? runEndOnce(span, bytes, open + 1, "credential", 8192) : end;
  if (bytes[slashed] !== QUOTE || !isVaried(bytes, open + 1, slashed, 12)) return false;
  const from = Math.max(0, span.start - JWK_BYTES_MAX);
  const around = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + from,
    Math.min(bytes.length, slashed + JWK_BYTES_MAX) - from,
  );
  return around.includes(KTY) && take(bytes, span, open + 1, slashed, JWK_VALUE_MIN);
}

/** A word of a settings file after its directive, at the end of the line. */
export function directiveValue(bytes: Uint8Array, span: Span): boolean {
  const first = isQuote(bytes[span.end]) ? span.end + 1 : span.end;
  const end = wordEnd(bytes, first);
  const isLine = bytes[end] === undefined || bytes[end] === NEWLINE || bytes[end] === 0x0d || bytes[end] === 0x20;
  return isLine && take(bytes, span, first, isQuote(bytes[end - 1]) ? end - 1 : end);
}
