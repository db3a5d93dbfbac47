import type { Trigger } from "../rule.ts";
import { APOSTROPHE, isBlank, isWord, QUOTE, skipBlank, startsWith } from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** No bound is needed for white space here: what stands after one key stands after no other, so each byte is read once. */
const GAP_MAX = Number.MAX_SAFE_INTEGER;

/** Index of the value after the key and its colon, or -1. */
function valueAt(bytes: Uint8Array, keyEnd: number): number {
  const colon = skipBlank(bytes, keyEnd, GAP_MAX);
  return bytes[colon] === 0x3a ? skipBlank(bytes, colon + 1, GAP_MAX) : -1;
}

/** As `valueAt`, read once for all rules that ask about the same key. */
function valueOnce(bytes: Uint8Array, span: Span): number {
  span.value ??= { bytes, keyEnd: -1, at: -1 };
  const { value } = span;
  if (value.keyEnd === span.end && value.bytes === bytes) return value.at;
  value.bytes = bytes;
  value.keyEnd = span.end;
  value.at = valueAt(bytes, span.end);
  return value.at;
}

/** A key with one of the trigger's values: a quoted string, or a bare number. */
export function jsonValue(bytes: Uint8Array, span: Span, trigger: Trigger): boolean {
  const at = valueOnce(bytes, span);
  if (at < 0) return false;
  const quote = bytes[at];
  const quoted = quote === QUOTE || quote === APOSTROPHE;
  const first = quoted ? at + 1 : at;
  for (const value of trigger.values ?? []) {
    // A text may be full of such keys: nearly all values differ in their first byte.
    if (value.charCodeAt(0) !== bytes[first] || !startsWith(bytes, first, value)) continue;
    const end = first + value.length;
    if (quoted ? bytes[end] !== quote : isWord(bytes[end])) continue;
    span.end = quoted ? end + 1 : end;
    return true;
  }
  return false;
}

/** A key whose value is an object with members, or an array of such objects. */
export function jsonContainer(bytes: Uint8Array, span: Span): boolean {
  let at = valueAt(bytes, span.end);
  if (at < 0) return false;
  if (bytes[at] === 0x5b) at = skipBlank(bytes, at + 1, GAP_MAX);
  if (bytes[at] !== 0x7b) return false;
  const key = skipBlank(bytes, at + 1, GAP_MAX);
  if (bytes[key] !== QUOTE && bytes[key] !== APOSTROPHE) return false;
  span.end = at + 1;
  return true;
}

/** White space around the first string of a pair. */
const PAIR_GAP_MAX = 64;

/** A string that opens a pair of two, in an array or as Python writes it: `["system", "…"`, `('human', '…'`. */
export function opensPair(bytes: Uint8Array, span: Span): boolean {
  let before = span.start - 1;
  while (span.start - before <= PAIR_GAP_MAX && isBlank(bytes[before])) before--;
  if (bytes[before] !== 0x5b && bytes[before] !== 0x28) return false;
  const comma = skipBlank(bytes, span.end, PAIR_GAP_MAX);
  const next = skipBlank(bytes, comma + 1, PAIR_GAP_MAX);
  return bytes[comma] === 0x2c && (bytes[next] === QUOTE || bytes[next] === APOSTROPHE);
}
