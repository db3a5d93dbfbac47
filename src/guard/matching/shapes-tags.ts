import type { Trigger } from "../rule.ts";
import { APOSTROPHE, GT, isBlank, isWord, LT, QUOTE, skipBlank, startsWithAnyCase } from "./bytes.ts";
import { roleEnd } from "./roles.ts";
import type { Span } from "./shapes.ts";

const SLASH = 0x2f;
const EQUALS = 0x3d;
const COLON = 0x3a;
const HYPHEN = 0x2d;
const LINE_FEED = 0x0a;
/** Letters before and after the words that make a tag one of tool calls: `<longcat_tool_call>`. */
const AFFIX_MAX = 24;
const VALUE_MAX = 64;

const isNameByte = (byte: number | undefined): boolean =>
  isWord(byte) || byte === 0x2d || byte === COLON || byte === 0x2e;

/** One attribute of a tag: where its name and value are. */
interface Attribute {
  nameStart: number;
  nameEnd: number;
  valueStart: number;
  valueEnd: number;
  /** Where the next one may begin. */
  end: number;
}

const attribute: Attribute = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0, end: 0 };

/**
 * Reads the attribute that begins at or after `at`, with any white space, quoted in either way or not at all. It ends at the tag's
 * end and at the next tag's beginning, so each byte is read for one tag only. False when there is none.
 */
function readAttribute(bytes: Uint8Array, at: number): boolean {
  if (!isBlank(bytes[at]) && bytes[at - 1] !== QUOTE && bytes[at - 1] !== APOSTROPHE) return false;
  const blank = bytes.length;
  let index = skipBlank(bytes, at, blank);
  attribute.nameStart = index;
  while (isNameByte(bytes[index])) index++;
  attribute.nameEnd = index;
  if (index === attribute.nameStart) return false;
  const equals = skipBlank(bytes, index, blank);
  if (bytes[equals] !== EQUALS) {
    attribute.valueStart = index;
    attribute.valueEnd = index;
    attribute.end = index;
    return true;
  }
  return readValue(bytes, skipBlank(bytes, equals + 1, blank));
}

function readValue(bytes: Uint8Array, at: number): boolean {
  const quote = bytes[at];
  const quoted = quote === QUOTE || quote === APOSTROPHE;
  let index = quoted ? at + 1 : at;
  attribute.valueStart = index;
  for (; ; index++) {
    const byte = bytes[index];
    if (byte === undefined || byte === LT || (!quoted && (byte === GT || isBlank(byte)))) break;
    if (quoted && byte === quote) break;
  }
  attribute.valueEnd = index;
  attribute.end = quoted && bytes[index] === quote ? index + 1 : index;
  return true;
}

function isNamed(bytes: Uint8Array, name: string): boolean {
  return attribute.nameEnd - attribute.nameStart === name.length && startsWithAnyCase(bytes, attribute.nameStart, name);
}

/** A tag with the attribute that `values` names first, in any place; when more are named, with one of them as its value. */
export function tagAttribute(bytes: Uint8Array, span: Span, trigger: Trigger): boolean {
  const [name = "", ...allowed] = trigger.values ?? [];
  let at = span.end;
  while (readAttribute(bytes, at)) {
    at = attribute.end;
    if (!isNamed(bytes, name)) continue;
    if (allowed.length > 0 && !allowed.some((value) => hasValue(bytes, value))) return false;
    span.end = at;
    return true;
  }
  return false;
}

function hasValue(bytes: Uint8Array, value: string): boolean {
  const length = attribute.valueEnd - attribute.valueStart;
  return length <= VALUE_MAX && length === value.length && startsWithAnyCase(bytes, attribute.valueStart, value);
}

/** The end of a tag's name: the literal is the beginning of the tag up to here. */
export function tagEnd(bytes: Uint8Array, span: Span): boolean {
  const byte = bytes[span.end];
  return byte === GT || byte === SLASH || isBlank(byte);
}

/** What somebody says, in the names of tags. */
const SAID = ["message", "messages", "msg", "turn", "prompt", "query", "input", "instruction", "instructions", "rules"];
/** The others are elements of web pages, of which each application has its own: `<user-message>`. */
const SAID_WITH_HYPHEN = ["prompt", "instruction", "instructions", "turn"];

/**
 * `</assistant_turn>`, and `<user_message>` with text right behind it or alone on its line; the literal ends with the sign between
 * the words. Usage texts have placeholders of such names, and programs types: `<user_input>`, `Promise<user_message>`.
 */
export function roleTag(bytes: Uint8Array, span: Span): boolean {
  const words = bytes[span.end - 1] === HYPHEN ? SAID_WITH_HYPHEN : SAID;
  for (const word of words) {
    const end = span.end + word.length;
    if (bytes[end] !== GT || !startsWithAnyCase(bytes, span.end, word)) continue;
    if (bytes[span.start + 1] !== SLASH && !isOpener(bytes, span.start, end + 1)) return false;
    span.end = end + 1;
    return true;
  }
  return false;
}

function isOpener(bytes: Uint8Array, start: number, end: number): boolean {
  const before = bytes[start - 1];
  if (isWord(before)) return false;
  const isAlone = (before === undefined || before === LINE_FEED) && bytes[end] === LINE_FEED;
  return isAlone || isWord(bytes[end]);
}

/** `<anything:invoke>`, `</anything:tool_call>`; the literal begins with the colon. `<bpel:invoke partner…` calls no tool. */
export function namespacedTag(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  if (bytes[end] === 0x73 || bytes[end] === 0x53) end++;
  while (end - span.end < AFFIX_MAX && isWord(bytes[end])) end++;
  const start = tagStart(bytes, span.start);
  if (start < 0 || !isTagEnd(bytes, end)) return false;
  if (isBlank(bytes[end]) && !(readAttribute(bytes, end) && isNamed(bytes, "name"))) return false;
  span.start = start;
  span.end = end;
  return true;
}

/** A tag whose name has the literal in it, all in one case: C++ and TypeScript have types such as `<ToolOutput>`. */
export function wordyTag(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  while (end - span.end < AFFIX_MAX && isNameByte(bytes[end])) end++;
  const start = tagStart(bytes, span.start);
  if (start < 0 || !isTagEnd(bytes, end) || !isOneCase(bytes, start, end)) return false;
  span.start = start;
  span.end = bytes[end] === GT ? end + 1 : end;
  return true;
}

/** Start of the tag in whose name `at` is, or -1. */
function tagStart(bytes: Uint8Array, at: number): number {
  let first = at;
  while (at - first <= AFFIX_MAX && isNameByte(bytes[first - 1])) first--;
  if (bytes[first - 1] === LT) return first - 1;
  return bytes[first - 1] === SLASH && bytes[first - 2] === LT ? first - 2 : -1;
}

function isTagEnd(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === GT || bytes[at] === SLASH || isBlank(bytes[at]);
}

function isOneCase(bytes: Uint8Array, start: number, end: number): boolean {
  let upper = false;
  let lower = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x41 && byte <= 0x5a) upper = true;
    if (byte >= 0x61 && byte <= 0x7a) lower = true;
  }
  return upper !== lower;
}

/**
 * `<function name="x"><param name="y">`: a name and nothing else in both, and the second left open for its value. Interface
 * descriptions say more in the first, or close the second at once.
 */
export function functionTag(bytes: Uint8Array, span: Span): boolean {
  const first = soleName(bytes, span.end);
  if (first < 0) return false;
  const next = skipBlank(bytes, first, bytes.length);
  const name = PARAMETER_TAGS.find((tag) => startsWithAnyCase(bytes, next, tag) && isBlank(bytes[next + tag.length]));
  if (name === undefined) return false;
  const end = soleName(bytes, next + name.length);
  if (end < 0) return false;
  span.end = end;
  return true;
}

const PARAMETER_TAGS = ["<param", "<parameter", "<argument", "<arg"];

/** Index after a tag that has a name, nothing else, and stays open; the tag's own name ends at `at`. */
function soleName(bytes: Uint8Array, at: number): number {
  if (!readAttribute(bytes, at) || !isNamed(bytes, "name")) return -1;
  const end = skipBlank(bytes, attribute.end, bytes.length);
  return bytes[end] === GT ? end + 1 : -1;
}

/** Attributes of a turn's tag that say whose it is. */
const SPEAKING = ["role", "name", "from", "speaker", "author", "type"];

/** Whether an attribute of the tag, whose name ends at `at`, names a role; moves the span's end behind it. */
function namesRole(bytes: Uint8Array, span: Span, from: number): boolean {
  let at = from;
  while (readAttribute(bytes, at)) {
    at = attribute.end;
    if (!SPEAKING.some((name) => isNamed(bytes, name)) || roleEnd(bytes, attribute.valueStart) !== attribute.valueEnd)
      continue;
    span.end = at;
    return true;
  }
  return false;
}

/** `<anything:turn_start role="system">`; the literal begins with the colon. */
export function namespacedRole(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  while (end - span.end < AFFIX_MAX && isWord(bytes[end])) end++;
  const start = tagStart(bytes, span.start);
  if (start < 0 || !namesRole(bytes, span, end)) return false;
  span.start = start;
  return true;
}

/** `<|turn role="system"|>`. */
export function barredRole(bytes: Uint8Array, span: Span): boolean {
  let end = span.end;
  while (end - span.end < AFFIX_MAX && isWord(bytes[end])) end++;
  return end > span.end && isBlank(bytes[end]) && namesRole(bytes, span, end);
}
