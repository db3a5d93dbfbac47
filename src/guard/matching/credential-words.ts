import { APOSTROPHE, isDigit, isWord, QUOTE } from "./bytes.ts";
import { isPlaceholder, isVaried } from "./secret-values.ts";
import type { Span } from "./shapes.ts";

/** Longest name, host, user or argument that is looked at. */
export const WORD_BYTES_MAX = 128;
const PASSWORD_MIN = 4;
/** Shorter values of cookies are preferences and identifiers. */
const OPAQUE_MIN = 16;

export const isVisible = (byte: number | undefined): boolean => byte !== undefined && byte > 0x20 && byte < 0x7f;
export const isQuote = (byte: number | undefined): boolean => byte === QUOTE || byte === APOSTROPHE;

export function wordEnd(bytes: Uint8Array, first: number): number {
  let at = first;
  while (at - first < WORD_BYTES_MAX && isVisible(bytes[at])) at++;
  return at;
}

export function take(bytes: Uint8Array, span: Span, first: number, end: number, least = PASSWORD_MIN): boolean {
  if (end - first < least || isPlaceholder(bytes, first, end)) return false;
  span.start = first;
  span.end = end;
  return true;
}

/** What no person has written: letters and digits mixed. */
export function isOpaque(bytes: Uint8Array, first: number, end: number): boolean {
  let [digits, letters] = [0, 0];
  for (let at = first; at < end; at++) {
    if (isDigit(bytes[at])) digits++;
    else if (isWord(bytes[at])) letters++;
  }
  return end - first >= OPAQUE_MIN && digits >= 2 && letters >= 4 && isVaried(bytes, first, end, 8);
}
