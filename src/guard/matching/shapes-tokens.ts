import { BACKSLASH, BAR, GT, isLower, isNameByte, isWord, LT, startsWith } from "./bytes.ts";
import { headingRoleEnd } from "./roles.ts";
import type { Span } from "./shapes.ts";
import { kindOfName } from "./token-names.ts";

/** Longest name in a special token; the longest known one is `text_post_train_reserved_special_token_N`. */
const NAME_MAX = 64;
/** Longest name in Gemma 4's one-sided tokens, and the shortest that is no operator. */
const SIDED_NAME_MAX = 24;
const SIDED_NAME_MIN = 3;
const NAME_MIN = 2;
const SIGNED_NAME_MIN = 3;
const SLASH = 0x2f;
const UNDERSCORE = 0x5f;
const CLOSE_BRACE = 0x7d;
/** Bytes between the bars of a DeepSeek token. */
const FULLWIDTH_MAX = 160;
/** U+FF5C, the fullwidth bar, in UTF-8. */
const FULLWIDTH_BAR = [0xef, 0xbd, 0x9c] as const;

/** End of `<|name|>` that starts at `start`, or -1. Operators such as `<|>`, `<| x |>` and `<|--|>` have no such name. */
export function specialTokenEnd(bytes: Uint8Array, start: number): number {
  const first = start + 2;
  let end = first;
  let letters = 0;
  while (end - first <= NAME_MAX && isNameByte(bytes[end])) {
    if ((bytes[end] as number) >= 0x41 && bytes[end] !== 0x5f && bytes[end] !== 0x7e) letters++;
    end++;
  }
  if (end - first < NAME_MIN || end - first > NAME_MAX || letters === 0) return -1;
  return bytes[end] === BAR && bytes[end + 1] === GT ? end + 2 : -1;
}

/** `<|name|>`. */
export function specialToken(bytes: Uint8Array, span: Span): boolean {
  const end = specialTokenEnd(bytes, span.start);
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** `◁name▷`, as Kimi-VL marks its reasoning. */
export function triangleToken(bytes: Uint8Array, span: Span): boolean {
  let end = bytes[span.end] === 0x2f ? span.end + 1 : span.end;
  const first = end;
  while (end - first <= SIDED_NAME_MAX && isWord(bytes[end])) end++;
  if (end - first < NAME_MIN || !startsWith(bytes, end, "\u00e2\u0096\u00b7")) return false;
  span.end = end + 3;
  return true;
}

/** `<|DSML|invoke`, `</|DSML|invoke`: a name in capitals between bars before a tag's name, as a folded DeepSeek tag looks. */
export function barredTag(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  while (end - span.end <= SIDED_NAME_MAX && (bytes[end] as number) >= 0x41 && (bytes[end] as number) <= 0x5a) end++;
  if (end - span.end < NAME_MIN || bytes[end] !== BAR || !isLower(bytes[end + 1])) return false;
  span.end = end + 1;
  return true;
}

/** `<|name>` and the role whose turn it opens. */
export function sidedTurn(bytes: Uint8Array, span: Span): boolean {
  if (!tokenOpen(bytes, span)) return false;
  const end = headingRoleEnd(bytes, span.end);
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

/** `<｜name｜>` with fullwidth bars, and `<｜name｜name …` as DeepSeek writes its tool call tags. */
export function fullwidthToken(bytes: Uint8Array, span: Span): boolean {
  const bar = fullwidthBar(bytes, span.end);
  if (bar < 0) return false;
  const after = bar + FULLWIDTH_BAR.length;
  span.end = bytes[after] === GT ? after + 1 : after;
  return true;
}

/** Start of the bar that closes the name of a token whose opening bar ends at `first`, or -1. */
function fullwidthBar(bytes: Uint8Array, first: number): number {
  const limit = first + FULLWIDTH_MAX;
  for (let at = first; at < limit; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte === LT || byte === GT || byte < 0x20) return -1;
    if (byte === FULLWIDTH_BAR[0] && bytes[at + 1] === FULLWIDTH_BAR[1] && bytes[at + 2] === FULLWIDTH_BAR[2])
      return at - first >= NAME_MIN ? at : -1;
  }
  return -1;
}

/** A token with fullwidth bars that opens somebody's turn. */
export function fullwidthTurn(bytes: Uint8Array, span: Span): boolean {
  const first = span.end;
  const bar = fullwidthBar(bytes, first);
  if (bar < 0 || bytes[bar + FULLWIDTH_BAR.length] !== GT) return false;
  return isTurn(bytes, span, first, bar, bar + FULLWIDTH_BAR.length + 1);
}

/** A special token that opens somebody's turn: its name says so (`<|im_user|>`), or a role follows (`<|x|>user`). */
export function roleTurn(bytes: Uint8Array, span: Span): boolean {
  const end = specialTokenEnd(bytes, span.start);
  return end >= 0 && isTurn(bytes, span, span.start + 2, end - 2, end);
}

/** Moves the span's end when the token opens a turn: over the role, if one follows. */
export function isTurn(bytes: Uint8Array, span: Span, first: number, last: number, end: number): boolean {
  const role = headingRoleEnd(bytes, end);
  if (role < 0 && kindOfName(bytes, first, last) !== "turn") return false;
  span.end = role < 0 ? end : role;
  return true;
}

/** Letters of a name between two signs: longer ones are expressions. */
const SIGNED_NAME_MAX = 32;

/**
 * `<:name:>`, `<@name@>`, `{|name|}`: a name between two of the same sign, in the brackets that the literal opens, whose words are those of
 * control tokens (a speaker, a beginning, an end). No family that is known has them; a shape that the next one may.
 */
export function signedToken(bytes: Uint8Array, span: Span): boolean {
  const sign = bytes[span.end - 1] as number;
  const bracket = bytes[span.end - 2] === LT ? GT : CLOSE_BRACE;
  const first = bytes[span.end] === SLASH ? span.end + 1 : span.end;
  let end = first;
  while (end - first <= SIGNED_NAME_MAX && isWord(bytes[end])) end++;
  // The name has no such sign at its end.
  while (sign === UNDERSCORE && end > first && bytes[end - 1] === UNDERSCORE) end--;
  const hasTwo = sign === UNDERSCORE && bytes[end + 1] === UNDERSCORE;
  if (
    end - first < SIGNED_NAME_MIN ||
    end - first > SIGNED_NAME_MAX ||
    bytes[end] !== sign ||
    bytes[hasTwo ? end + 2 : end + 1] !== bracket
  )
    return false;
  if (kindOfName(bytes, first, end) === "unknown") return false;
  // `<__END__>` is a file of Perl's.
  if (sign === UNDERSCORE && !isLower(bytes[end - 1])) return false;
  span.end = hasTwo ? end + 3 : end + 2;
  return true;
}

/** `<\\|name\\|>`, `<\\|>system`: a token whose bars are escaped, as in an expression or a table of Markdown; the literal is `<\\|`. */
export function escapedToken(bytes: Uint8Array, span: Span): boolean {
  const first = span.end;
  let end = first;
  while (end - first <= SIGNED_NAME_MAX && isWord(bytes[end])) end++;
  if (end - first > SIGNED_NAME_MAX) return false;
  const bar = bytes[end] === BACKSLASH ? end + 1 : end;
  if (bytes[bar] !== BAR && bytes[bar] !== GT) return false;
  const after = bytes[bar] === BAR && bytes[bar + 1] === GT ? bar + 2 : bar + 1;
  if (kindOfName(bytes, first, end) === "unknown" && headingRoleEnd(bytes, after) < 0) return false;
  span.end = after;
  return true;
}
