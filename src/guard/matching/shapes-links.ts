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
  const limit = at + ALT_MAX;
  // Text between brackets has no bracket of its own here; that also keeps nested openings from being read twice.
  while (at < limit && !isOneOf(bytes[at], ALT_END)) at++;
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

const ALT_END: readonly number[] = [0x5b, 0x5d, NEWLINE];
const URL_END: readonly number[] = [0x20, 0x29, 0x3c, 0x3e, 0x22, 0x27, 0x5b, NEWLINE, 0x0d, 0x09];

function isOneOf(byte: number | undefined, set: readonly number[]): boolean {
  return byte === undefined || set.includes(byte);
}

/** A remote URL whose query or fragment has a value of some length that looks like data or a place for it. */
function carriesData(bytes: Uint8Array, first: number, span: Span): boolean {
  const remote =
    startsWithAnyCase(bytes, first, "http://") ||
    startsWithAnyCase(bytes, first, "https://") ||
    startsWithAnyCase(bytes, first, "//");
  if (!remote) return false;
  let inQuery = false;
  let valueFrom = -1;
  let carries = false;
  let at = first;
  for (const limit = first + URL_MAX; at < limit && !isOneOf(bytes[at], URL_END); at++) {
    const byte = bytes[at] as number;
    if (byte === 0x3f || byte === 0x23) inQuery = true;
    if (inQuery && (byte === 0x7b || byte === 0x24)) carries = true;
    if (inQuery && byte === 0x3d) valueFrom = at + 1;
    else if (!isDataByte(byte)) valueFrom = -1;
    if (valueFrom >= 0 && at - valueFrom + 1 >= VALUE_MIN) carries = true;
  }
  span.end = at;
  return carries;
}

/** Letters of base64 and of percent encoding. */
function isDataByte(byte: number): boolean {
  return isBase64(byte) || byte === 0x25 || byte === 0x3d;
}
