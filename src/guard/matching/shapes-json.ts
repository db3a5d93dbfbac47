import type { Trigger } from "../rule.ts";
import { APOSTROPHE, isBlank, isWord, QUOTE, skipBlank, startsWith } from "./bytes.ts";
import { nextToken } from "./json-objects.ts";
import type { Span } from "./shapes.ts";

/** Index of the value after the key and its colon, or -1. White space needs no bound: what stands after one key stands after no other. */
function valueAt(bytes: Uint8Array, keyEnd: number): number {
  const colon = nextToken(bytes, keyEnd);
  return bytes[colon] === 0x3a ? nextToken(bytes, colon + 1) : -1;
}

const isQuote = (byte: number | undefined): boolean => byte === QUOTE || byte === APOSTROPHE;

/** Where the value of the key begins, inside its quotes; -1 when there is none. */
export function valueStart(bytes: Uint8Array, keyEnd: number): number {
  const at = valueAt(bytes, keyEnd);
  return at >= 0 && isQuote(bytes[at]) ? at + 1 : at;
}

/** End of the value that begins at `first` if it is this one, a string with its quote or a bare number; else -1. */
export function valueEnd(bytes: Uint8Array, first: number, value: string): number {
  if (!startsWith(bytes, first, value)) return -1;
  const end = first + value.length;
  const quote = bytes[first - 1];
  if (isQuote(quote)) return bytes[end] === quote ? end + 1 : -1;
  return isWord(bytes[end]) ? -1 : end;
}

/** A key with one of the trigger's values. */
export function jsonValue(bytes: Uint8Array, span: Span, { values = [] }: Trigger): boolean {
  const first = valueStart(bytes, span.end);
  const end = first < 0 ? -1 : Math.max(-1, ...values.map((value) => valueEnd(bytes, first, value)));
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** A key whose value is an object with members, or an array of such objects. */
export function jsonContainer(bytes: Uint8Array, span: Span): boolean {
  let at = valueAt(bytes, span.end);
  if (at < 0) return false;
  if (bytes[at] === 0x5b) at = nextToken(bytes, at + 1);
  if (bytes[at] !== 0x7b) return false;
  const key = nextToken(bytes, at + 1);
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
