import { GT, isBlank, isDigit, isLower, isWord, LT, NEWLINE, skipBlank, startsWith } from "./bytes.ts";
import { endsHeading, headingRoleEnd, roleEnd } from "./roles.ts";
import type { Span } from "./shapes.ts";
import { isTurn } from "./shapes-tokens.ts";
import { kindOfName } from "./token-names.ts";

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SLASH = 0x2f;
const DASH = 0x2d;
const SPACE = 0x20;

/** Letters of a name in other brackets; the longest known one is `end_of_utterance` and the like. */
const NAME_MAX = 32;
/** White space between a tag and the text under it. */
const TEXT_GAP_MAX = 16;
/** MiniMax has one letter; sed and dc have single letters in capitals between such signs. */
const TILDE_NAME_MAX = 8;
/** Blanks between the end of a sequence and the next turn. */
const BOUNDARY_GAP_MAX = 8;
/** How far back a tag that strikes text through may have been opened. */
const STRIKE_MAX = 96;

/** End of a name of letters, digits and underscores that begins at `first`, or -1 when it is none or too long. */
function nameEnd(bytes: Uint8Array, first: number): number {
  let end = first;
  while (end - first <= NAME_MAX && isWord(bytes[end])) end++;
  return end > first && end - first <= NAME_MAX ? end : -1;
}

/** `[|name|]` with a name that has a control word: F# and Haskell write other things between such brackets. */
export function squareBar(bytes: Uint8Array, span: Span): boolean {
  const end = nameEnd(bytes, span.end);
  if (end < 0 || bytes[end] !== 0x7c || bytes[end + 1] !== CLOSE_BRACKET) return false;
  if (kindOfName(bytes, span.end, end) === "unknown") return false;
  span.end = end + 2;
  return true;
}

/** `[|name|]` that opens a turn. */
export function squareBarTurn(bytes: Uint8Array, span: Span): boolean {
  const first = span.end;
  const end = nameEnd(bytes, first);
  if (end < 0 || bytes[end] !== 0x7c || bytes[end + 1] !== CLOSE_BRACKET) return false;
  return isTurn(bytes, span, first, end, end + 2);
}

/** `]~b]`, `]~!b[`: the literal is `]~`. */
export function tildeToken(bytes: Uint8Array, span: Span): boolean {
  const first = bytes[span.end] === 0x21 ? span.end + 1 : span.end;
  let end = first;
  while (end - first <= TILDE_NAME_MAX && isLower(bytes[end])) end++;
  const isNamed = end > first && end - first <= TILDE_NAME_MAX;
  if (!isNamed || (bytes[end] !== CLOSE_BRACKET && bytes[end] !== OPEN_BRACKET)) return false;
  span.end = end + 1;
  return true;
}

/** The same before a role. */
export function tildeTurn(bytes: Uint8Array, span: Span): boolean {
  if (!tildeToken(bytes, span)) return false;
  const end = headingRoleEnd(bytes, span.end);
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** `[e~[`; the literal is its end. */
export function tildeEnd(bytes: Uint8Array, span: Span): boolean {
  let first = span.start;
  while (span.start - first <= TILDE_NAME_MAX && isLower(bytes[first - 1])) first--;
  if (first === span.start || bytes[first - 1] !== OPEN_BRACKET) return false;
  span.start = first - 1;
  return true;
}

/** The rest of a tag's name and its end: the literal is `<start_of_` and the like. */
export function tagRest(bytes: Uint8Array, span: Span): boolean {
  const end = nameEnd(bytes, span.end);
  if (end < 0 || bytes[end] !== GT) return false;
  span.end = end + 1;
  return true;
}

/** The same, when it opens a turn: its own name says so, or a role follows. */
export function tagRestTurn(bytes: Uint8Array, span: Span): boolean {
  return tagRest(bytes, span) && isTurn(bytes, span, span.start + 1, span.end - 1, span.end);
}

/** Digits and a closing bracket: the literal is `<extra_id_` or `[UNUSED_TOKEN_` and the like. */
export function numberedToken(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  while (end - span.end < 6 && isDigit(bytes[end])) end++;
  const closing = bytes[span.start] === LT ? GT : CLOSE_BRACKET;
  if (end === span.end || bytes[end] !== closing) return false;
  span.end = end + 1;
  return true;
}

export function numberedTurn(bytes: Uint8Array, span: Span): boolean {
  return numberedToken(bytes, span) && toHeadingRole(bytes, span);
}

function toHeadingRole(bytes: Uint8Array, span: Span): boolean {
  const end = headingRoleEnd(bytes, span.end);
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** A tag that begins or ends a sequence, right before something that opens a turn. Of several in a row the last one decides. */
export function boundaryTurn(bytes: Uint8Array, span: Span): boolean {
  const end = turnEnd(bytes, skipBlank(bytes, span.end, BOUNDARY_GAP_MAX));
  if (end < 0) return false;
  span.end = end;
  return true;
}

/** End of what opens a turn here: a bracketed word in capitals, a token with bars, a role with its colon or line end. */
function turnEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === LT && (bytes[at + 1] === 0x7c || bytes[at + 1] === 0xef)) return at + 2;
  if (bytes[at] === OPEN_BRACKET) return capitalsEnd(bytes, at + 1);
  const first = startsWith(bytes, at, "###") ? skipBlank(bytes, at + 3, 2) : at;
  const end = roleEnd(bytes, first);
  // `<s>user</s>` strikes a word through.
  return end >= 0 && bytes[end] !== LT && endsHeading(bytes, end) ? end : -1;
}

/** The shortest is `[INST]`; `<S>[M]` is a type of a program. */
const CAPITALS_MIN = 3;

function capitalsEnd(bytes: Uint8Array, first: number): number {
  const from = bytes[first] === SLASH ? first + 1 : first;
  const end = nameEnd(bytes, from);
  if (end - from < CAPITALS_MIN || bytes[end] !== CLOSE_BRACKET) return -1;
  for (let at = from; at < end; at++) if ((bytes[at] as number) >= 0x61) return -1;
  return end + 1;
}

/** `</s>` that closes nothing: no `<s>` stands shortly before it, as there is where a page strikes words through. */
export function orphanClose(bytes: Uint8Array, span: Span): boolean {
  const before = bytes[span.start - 1];
  // The end of a template in program text, which strikes through whatever it is filled with.
  if (before === 0x7d || bytes[span.end] === 0x60) return false;
  // Perl's documents write code as `C</s>`.
  if (before !== undefined && before >= 0x41 && before <= 0x5a && !isWord(bytes[span.start - 2])) return false;
  // Not beyond the tag before, which took whatever was opened for itself; so each byte is read for one tag only.
  for (let at = span.start - 1; at >= span.start - STRIKE_MAX && bytes[at] !== undefined; at--) {
    if (bytes[at] !== LT) continue;
    if (startsWith(bytes, at, "</s>")) return true;
    if ((bytes[at + 1] === 0x73 || bytes[at + 1] === 0x53) && !isWord(bytes[at + 2])) return false;
  }
  return true;
}

/** A tag alone on its line before text: in XML the next line begins with another tag. */
export function tagBeforeText(bytes: Uint8Array, span: Span): boolean {
  const next = skipBlank(bytes, span.end, TEXT_GAP_MAX);
  return next > span.end && bytes[next] !== undefined && bytes[next] !== LT && !isBlank(bytes[next]);
}

/** A word in brackets that is not the index of something: `results[TOOL_RESULT]` is program text. */
export function unindexed(bytes: Uint8Array, span: Span): boolean {
  const before = bytes[span.start - 1];
  return !isWord(before) && before !== CLOSE_BRACKET && before !== 0x29;
}

/** A tag that is not the name of a group in a regular expression: `(?P<sep>…)`, `(?<eos>…)`. */
export function ungrouped(bytes: Uint8Array, span: Span): boolean {
  const before = bytes[span.start - 1];
  return before !== 0x3f && !(before === 0x50 && bytes[span.start - 2] === 0x3f);
}

/** So far in may an item of a list be, and so long the one above it. */
const ITEM_BYTES_MAX = 64;

/**
 * Not one of the constants that a schema lists (`- MIGRATE`, and below it `- TERMINATE`): the item above it, as far in, is a word in
 * capitals, too.
 */
export function unlisted(bytes: Uint8Array, span: Span): boolean {
  const dash = span.start - 2;
  if (bytes[dash] !== DASH || bytes[dash + 1] !== SPACE) return true;
  let line = dash;
  while (dash - line < ITEM_BYTES_MAX && bytes[line - 1] === SPACE) line--;
  if (bytes[line - 1] !== NEWLINE) return true;
  const end = line - 1;
  let first = end;
  while (end - first < ITEM_BYTES_MAX && isConstantByte(bytes[first - 1])) first--;
  if (first === end || bytes[first - 1] !== SPACE || bytes[first - 2] !== DASH) return true;
  const above = first - 2 - (dash - line);
  for (let at = above; at < first - 2; at++) if (bytes[at] !== SPACE) return true;
  return bytes[above - 1] !== undefined && bytes[above - 1] !== NEWLINE;
}

const isConstantByte = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x41 && byte <= 0x5a) || byte === 0x5f);
