import {
  BACKSLASH,
  BAR,
  GT,
  isBlank,
  isLower,
  isTokenByte,
  isWord,
  LT,
  skipBlank,
  startsWithAnyCase,
} from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** Longest name in a special token; the longest known one is `text_post_train_reserved_special_token_N`. */
const NAME_MAX = 48;
/** Longest name in Gemma 4's one-sided tokens, and the shortest that is no operator. */
const SIDED_NAME_MAX = 24;
const SIDED_NAME_MIN = 3;
const NAME_MIN = 3;
/** Bytes between the bars of a DeepSeek token. */
const FULLWIDTH_MAX = 160;

/** Who speaks in a conversation, as chat templates write it. */
const ROLES = ["system", "developer", "assistant", "user", "tool", "model", "human", "ipython", "functions", "ai"];

/** End of `<|name|>` that starts at `start`, or -1. Operators such as `<|>` and `<| x |>` have no such name. */
function specialTokenEnd(bytes: Uint8Array, start: number): number {
  const first = start + 2;
  let end = first;
  while (end - first <= NAME_MAX && isTokenByte(bytes[end])) end++;
  if (end - first < NAME_MIN || end - first > NAME_MAX) return -1;
  return bytes[end] === BAR && bytes[end + 1] === GT ? end + 2 : -1;
}

/** `<|name|>`. */
export function specialToken(bytes: Uint8Array, span: Span): boolean {
  const end = specialTokenEnd(bytes, span.start);
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** `<|name>`. */
export function tokenOpen(bytes: Uint8Array, span: Span): boolean {
  const first = span.start + 2;
  let end = first;
  while (end - first <= SIDED_NAME_MAX && isLower(bytes[end])) end++;
  if (end - first < SIDED_NAME_MIN || end - first > SIDED_NAME_MAX || bytes[end] !== GT) return false;
  span.end = end + 1;
  return true;
}

/** `<name|>`; the literal is its end. */
export function tokenClose(bytes: Uint8Array, span: Span): boolean {
  let first = span.start;
  while (span.start - first <= SIDED_NAME_MAX && isLower(bytes[first - 1])) first--;
  const length = span.start - first;
  if (length < SIDED_NAME_MIN || length > SIDED_NAME_MAX || bytes[first - 1] !== LT) return false;
  span.start = first - 1;
  return true;
}

/** `<｜name｜>` with fullwidth bars (U+FF5C). */
export function fullwidthToken(bytes: Uint8Array, span: Span): boolean {
  const limit = span.end + FULLWIDTH_MAX;
  for (let at = span.end; at < limit; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === LT || byte < 0x20) return false;
    if (byte === GT) {
      if (bytes[at - 1] !== 0x9c || bytes[at - 2] !== 0xbd || bytes[at - 3] !== 0xef) return false;
      span.end = at + 1;
      return at - 3 > span.start + 4;
    }
  }
  return false;
}

/** A special token that opens somebody's turn: the role inside it (`<|system|>`) or right after (`<|im_start|>system`). */
export function roleTurn(bytes: Uint8Array, span: Span): boolean {
  const end = specialTokenEnd(bytes, span.start);
  if (end < 0) return false;
  const inside = roleEnd(bytes, span.start + 2);
  if (inside > 0 && bytes[inside] === BAR) {
    span.end = end;
    return true;
  }
  const after = roleEnd(bytes, skipBlank(bytes, end, 4));
  if (after < 0 || !endsRole(bytes, after)) return false;
  span.end = after;
  return true;
}

/** What follows a role in a header: the end of the line, another token, a colon, a recipient; not more prose. */
function endsRole(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined || byte === 0x0a || byte === 0x0d || byte === LT || byte === 0x3a || byte === 0x2e)
    return true;
  return byte === BACKSLASH || (isBlank(byte) && startsWithAnyCase(bytes, at + 1, "to="));
}

function roleEnd(bytes: Uint8Array, at: number): number {
  for (const role of ROLES)
    if (startsWithAnyCase(bytes, at, role) && !isWord(bytes[at + role.length])) return at + role.length;
  return -1;
}
