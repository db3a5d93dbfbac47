import { isTag, isVariationSelector, isZeroWidth } from "../views/invisible.ts";
import { codePointAt, utf8Length } from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** So many zero-width characters in a row carry data; emoji and scripts that join letters use one or two. */
const ZERO_WIDTH_RUN = 8;
const SELECTOR_RUN = 4;
/** Tables of characters name two in a row; what is spelled takes more. */
const TAG_RUN = 3;
const WAVING_BLACK_FLAG = 0x1f3f4;
const CANCEL_TAG = 0xe007f;
/** A subdivision flag has at most six letters (UTS 51). */
const FLAG_TAGS_MAX = 7;
/** A run is reported up to this length, so that each of its characters is looked at once only. */
const SPAN_MAX = 4096;

/** True at the first character of a run of at least `least`; moves the span's end over the run. */
function runFrom(bytes: Uint8Array, span: Span, belongs: (point: number) => boolean, least: number): boolean {
  if (belongs(pointBefore(bytes, span.start))) return false;
  let count = 0;
  let at = span.start;
  for (let point = codePointAt(bytes, at); belongs(point); point = codePointAt(bytes, at)) {
    at += utf8Length(point);
    if (++count === SPAN_MAX) break;
  }
  span.end = at;
  return count >= least;
}

/** The code point that ends just before `at`, or -1. */
function pointBefore(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4; length++) {
    const point = codePointAt(bytes, at - length);
    if (point >= 0 && utf8Length(point) === length) return point;
  }
  return -1;
}

export function zeroWidthRun(bytes: Uint8Array, span: Span): boolean {
  return runFrom(bytes, span, isZeroWidth, ZERO_WIDTH_RUN);
}

export function selectorRun(bytes: Uint8Array, span: Span): boolean {
  return runFrom(bytes, span, isVariationSelector, SELECTOR_RUN);
}

/** Tag characters, except a well-formed flag emoji: black flag, letters, cancel tag. */
export function tagRun(bytes: Uint8Array, span: Span): boolean {
  if (!runFrom(bytes, span, isTag, TAG_RUN)) return false;
  const isFlag =
    pointBefore(bytes, span.start) === WAVING_BLACK_FLAG &&
    span.end - span.start <= FLAG_TAGS_MAX * 4 &&
    codePointAt(bytes, span.end - 4) === CANCEL_TAG;
  return !isFlag;
}

/** Text after an override on the same line from which on it is more than a name written backwards. */
const OVERRIDDEN_MIN = 32;

/**
 * An override makes letters appear in another order than they stand (Trojan Source, CVE-2021-42574): one that is
 * closed again on its line, or that turns a longer stretch of text around.
 */
export function bidiOverride(bytes: Uint8Array, span: Span): boolean {
  for (let at = span.end; at < span.end + OVERRIDDEN_MIN; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === 0x0a) return false;
    const point = byte === 0xe2 ? codePointAt(bytes, at) : 0;
    if (point === 0x202c || point === 0x2069) return true;
    if (point === 0x202d || point === 0x202e) return false;
  }
  return true;
}
