import type { Place } from "../rule.ts";
import { APOSTROPHE, isBlank, isMarker, isWord, NEWLINE, QUOTE } from "./bytes.ts";

const isQuote = (byte: number | undefined): boolean => byte === QUOTE || byte === APOSTROPHE || byte === 0x60;

/** What may precede a label on its line. */
const MARKERS_MAX = 16;
/** What may follow the last word of a text. */
const TRAILING_MAX = 64;

/** True when the literal from `start` to `end` stands where the rule wants it. */
export function isAt(place: Place | undefined, bytes: Uint8Array, start: number, end: number): boolean {
  switch (place) {
    case undefined:
    case "anywhere":
      return true;
    case "word":
      return !isWord(bytes[start - 1]) && !isWord(bytes[end]);
    case "word-start":
      return !isWord(bytes[start - 1]);
    case "text-end":
      return !isWord(bytes[start - 1]) && isTextEnd(bytes, end);
    case "line-start":
      // The start of a quoted string is the start of a line for whoever parses the string.
      return isQuote(bytes[start - 1]) || isLineStart(bytes, start);
    case "whole-line":
      return !isQuote(bytes[start - 1]) && isLineStart(bytes, start) && isLineEnd(bytes, end);
    case "paragraph-start":
      return isParagraphStart(bytes, start);
  }
}

function isLineStart(bytes: Uint8Array, start: number): boolean {
  for (let at = start - 1; at >= start - MARKERS_MAX; at--) {
    const byte = bytes[at];
    if (byte === undefined || byte === NEWLINE) return true;
    if (!isMarker(byte)) return false;
  }
  return false;
}

/** Only white space, emphasis and a full stop up to the end of the line; a quoted word is a constant of some program. */
function isLineEnd(bytes: Uint8Array, end: number): boolean {
  for (let at = end; at < end + MARKERS_MAX; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === NEWLINE) return true;
    if (!isBlank(byte) && byte !== 0x2a && byte !== 0x2e) return false;
  }
  return false;
}

/** After an empty line, or at the very start of the text. */
function isParagraphStart(bytes: Uint8Array, start: number): boolean {
  let newlines = 0;
  for (let at = start - 1; at >= start - MARKERS_MAX; at--) {
    const byte = bytes[at];
    if (byte === undefined) return true;
    if (byte === NEWLINE && ++newlines === 2) return true;
    if (!isBlank(byte)) return false;
  }
  return false;
}

/** Only white space, a full stop and emphasis up to the end of the text. */
function isTextEnd(bytes: Uint8Array, end: number): boolean {
  for (let at = end; at < end + TRAILING_MAX; at++) {
    const byte = bytes[at];
    if (byte === undefined) return true;
    if (!isBlank(byte) && byte !== 0x2a && byte !== 0x2e && byte !== 0x21) return false;
  }
  return false;
}
