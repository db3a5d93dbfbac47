import { BACKSLASH, isBase64, NEWLINE, skipBlank, startsWithAnyCase } from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** Longest alternative text, URL and HTML tag looked through. */
const ALT_MAX = 512;
const URL_MAX = 2048;
const TAG_MAX = 1024;
/** A query value this long carries data; shorter ones are versions, branches, widths. */
const VALUE_MIN = 16;
const FOLLOWS_MAX = 4;

const LOADING_ATTRIBUTES = ["src", "href", "data", "action", "poster", "background", "srcset"];

/** `![alt](https://host/path?name=DATA)`: shown, so loaded, so sent. */
export function markdownImage(bytes: Uint8Array, span: Span): boolean {
  let at = span.end;
  const limit = Math.min(bytes.length, at + ALT_MAX);
  // Text between brackets has no bracket of its own here; that also keeps nested openings from being read twice.
  while (at < limit && ALT_END[bytes[at] as number] === 0) at++;
  if (bytes[at] !== 0x5d || bytes[at + 1] !== 0x28) return false;
  return carriesData(bytes, skipBlank(bytes, at + 2, FOLLOWS_MAX), span);
}

/** `[name]: https://host/path?name=DATA`, the other half of a reference-style image or link (EchoLeak). */
export function markdownReference(bytes: Uint8Array, span: Span): boolean {
  return carriesData(bytes, skipBlank(bytes, span.end, FOLLOWS_MAX), span);
}

/** An HTML element that loads something by itself from a URL that carries data. */
export function htmlLoad(bytes: Uint8Array, span: Span): boolean {
  const limit = span.end + TAG_MAX;
  for (let at = span.end; at < limit; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === 0x3c || byte === 0x3e) return false;
    if (byte !== 0x3d) continue;
    if (!LOADING_ATTRIBUTES.some((name) => startsWithAnyCase(bytes, at - name.length, name))) continue;
    let value = skipBlank(bytes, at + 1, FOLLOWS_MAX);
    if (bytes[value] === 0x22 || bytes[value] === 0x27 || bytes[value] === BACKSLASH) value++;
    return carriesData(bytes, value, span);
  }
  return false;
}

const ALT_END = byteSet(0x5b, 0x5d, NEWLINE);
const URL_END = byteSet(0x20, 0x29, 0x3c, 0x3e, 0x22, 0x27, 0x5b, NEWLINE, 0x0d, 0x09);
/** Letters of base64 and of percent encoding. */
const DATA = Uint8Array.from({ length: 256 }, (_, byte) => (isBase64(byte) || byte === 0x25 || byte === 0x3d ? 1 : 0));

function byteSet(...members: readonly number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const byte of members) set[byte] = 1;
  return set;
}

/** How far a URL has been read, and what was seen in it. */
export interface UrlReading {
  readonly bytes: Uint8Array;
  readonly first: number;
  at: number;
  inQuery: boolean;
  valueFrom: number;
  carries: boolean;
}

/**
 * A remote URL whose query or fragment has a value of some length that looks like data or a place for it. A URL that
 * begins inside the last one read is part of it: reading goes on where it was left, so each byte is read once.
 */
function carriesData(bytes: Uint8Array, first: number, span: Span): boolean {
  const remote =
    startsWithAnyCase(bytes, first, "http://") ||
    startsWithAnyCase(bytes, first, "https://") ||
    startsWithAnyCase(bytes, first, "//");
  if (!remote) return false;
  let url = span.url;
  if (url === undefined || url.bytes !== bytes || first < url.first || first >= url.at)
    url = { bytes, first, at: first, inQuery: false, valueFrom: -1, carries: false };
  span.url = url;
  readUrl(url, Math.min(bytes.length, first + URL_MAX));
  span.end = url.at;
  return url.carries;
}

function readUrl(url: UrlReading, limit: number): void {
  const { bytes } = url;
  for (; url.at < limit; url.at++) {
    const byte = bytes[url.at] as number;
    if (URL_END[byte] === 1) return;
    if (byte === 0x3f || byte === 0x23) url.inQuery = true;
    if (url.inQuery && (byte === 0x7b || byte === 0x24)) url.carries = true;
    if (url.inQuery && byte === 0x3d) url.valueFrom = url.at + 1;
    else if (DATA[byte] === 0) url.valueFrom = -1;
    if (url.valueFrom >= 0 && url.at - url.valueFrom + 1 >= VALUE_MIN) url.carries = true;
  }
}
