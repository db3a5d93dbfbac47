import { codePointAt, isBlank, isWord, NEWLINE, startsWithAnyCase, utf8Length } from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** Signs on each side of a name that are looked at. */
const SIGNS_MAX = 4;
/** Two turns of one conversation stand no further apart. */
const PAIR_BYTES_MAX = 8192;
/** Longest name of a tag. */
const NAME_MAX = 24;
/** Of so many turns the marks are kept: the other of a pair is among the last. */
const KEPT = 8;
const UNDERSCORE = 0x5f;

const PAIRS =
  "><<>[]{}()⟨⟩⟪⟫⟦⟧⟬⟭【】《》〈〉「」『』〖〗〔〕〚〛«»‹›▶◀▷◁►◄❮❯❬❭❰❱❨❩❲❳⦃⦄⦅⦆⌈⌉⌊⌋⌜⌝⁅⁆＜＞［］｛｝（）␂␃☞☜⇒⇐→←";
/** What closes that which this opens; any other sign closes itself. */
const CLOSERS = new Map(
  Array.from({ length: PAIRS.length / 2 }, (_, index) => [
    PAIRS.charCodeAt(index * 2),
    PAIRS.charCodeAt(index * 2 + 1),
  ]),
);
/** Brackets that nobody writes around a word in a text: one such mark alone is a turn. The others quote, or stand for a value. */
const RARE = new Set([..."⟦⟪⟬〖〚▶▷►◁❰❲⦃⦅⌈⁅␂◇◆§¦☞"].map((sign) => sign.codePointAt(0)));
/** Signs that stand around a word for emphasis, as a quotation, in paths, options and names, or behind a sentence. */
const COMMON = new Set([..."\"'`.,;?!*-_/\\~“”‘’„…–—·•"].map((sign) => sign.codePointAt(0)));
/** Of these, what stands around a word that is quoted or ends a sentence, whatever stands around that. */
const QUOTING = new Set([..."\"'`.,;"].map((sign) => sign.codePointAt(0)));

/** Words before a role in the name of a mark: `<turn:system>`, `[START_USER]`. */
const PREFIXES = ["turn", "role", "im", "chat", "msg", "start", "begin", "end", "speaker"];
/** Attributes that say who speaks. */
const ATTRIBUTES = ["from", "speaker", "author", "sender", "who", "turn", "said"];

/** Who speaks in a mark, and its opening signs: from `start`, so many bytes. */
export interface Mark {
  bytes: Uint8Array;
  who: number;
  start: number;
  length: number;
}

/** The last marks, the oldest overwritten first. */
export interface Marks {
  readonly list: Mark[];
  next: number;
}

/**
 * A role's name between signs that belong together, `⟦user⟧`, `[#user#]`, `%%user%%`, `<turn:user>`, `<msg from="user"`, whatever the
 * signs are: when another role stood between the same ones before, these are the turns of some conversation. The literal is the role.
 */
export function enclosedRole(bytes: Uint8Array, span: Span): boolean {
  const { start, end } = span;
  if (isWord(bytes[start - 1]) && bytes[start - 1] !== UNDERSCORE) return false;
  const name = prefixStart(bytes, start, end);
  const first = Math.abs(name);
  const isLine = bytes[end] === NEWLINE || bytes[end] === 0x0d;
  const signs = name < 0 ? 0 : isLine ? lineSigns(bytes, first) : enclosure(bytes, first, end, start !== first);
  if (name > 0 && signs === 0) return false;
  const mark = { bytes, who: whoIs(bytes, start), start: first - signs, length: start - first + signs };
  const isAlone =
    !isLine &&
    (isTold(bytes, start, name) || isRare(bytes, first, signs) || (isWord(bytes[first]) && name > 0 && name < start));
  const isTurn = isAlone || isAnswered(span, mark);
  keep(span, mark);
  if (!isTurn) return false;
  span.start = mark.start;
  span.end = isLine ? end : end + signs;
  return true;
}

/** System, user, assistant: the first letters tell. */
function whoIs(bytes: Uint8Array, start: number): number {
  const letter = (bytes[start] as number) | 0x20;
  if (letter === 0x73 || letter === 0x64) return 0;
  return letter === 0x75 || letter === 0x68 ? 1 : 2;
}

function isAnswered({ marks }: Span, mark: Mark): boolean {
  return (
    marks?.list.some(
      (other) =>
        other.bytes === mark.bytes &&
        other.who !== mark.who &&
        other.length === mark.length &&
        mark.start - other.start <= PAIR_BYTES_MAX &&
        isSame(mark.bytes, other.start, mark.start, mark.length),
    ) === true
  );
}

function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (bytes[one + at] !== bytes[other + at]) return false;
  return true;
}

function keep(span: Span, mark: Mark): void {
  span.marks ??= { list: [], next: 0 };
  span.marks.list[span.marks.next] = mark;
  span.marks.next = (span.marks.next + 1) % KEPT;
}

/** Where the mark's name begins, with a word before the role; less than 0 by where an attribute begins of which the role is the value. */
function prefixStart(bytes: Uint8Array, start: number, end: number): number {
  const before = bytes[start - 1];
  const isQuoted = before === 0x22 || before === 0x27;
  const equals = isQuoted ? start - 2 : start - 1;
  if (bytes[equals] === 0x3d) {
    const word = wordStart(bytes, equals, ATTRIBUTES);
    const isClosed = isQuoted ? bytes[end] === before : bytes[end] === 0x3e;
    return word < 0 || !isClosed || !isBlank(bytes[word - 1]) ? start : -word;
  }
  // `[@user]`; `{{#user}}` is a section of Mustache.
  if ((before === 0x40 || before === 0x23) && bytes[start - 2] !== 0x7b)
    return isOpening(bytes[start - 2]) && bytes[end] !== before ? start - 1 : start;
  if (before !== 0x3a && before !== UNDERSCORE && before !== 0x20) return start;
  const word = wordStart(bytes, start - 1, PREFIXES);
  return word < 0 || !isOpeningAt(bytes, word - 1) ? start : word;
}

/** `<`, `[`, `{`, and the end of `<!--`. */
const isOpeningAt = (bytes: Uint8Array, at: number): boolean =>
  isOpening(bytes[at]) || (bytes[at] === 0x2d && bytes[at - 1] === 0x2d && bytes[at - 2] === 0x21);

const isOpening = (byte: number | undefined): boolean => byte === 0x3c || byte === 0x5b || byte === 0x7b;

/** Start of the one of the words that ends here, as a whole, or -1. */
function wordStart(bytes: Uint8Array, end: number, words: readonly string[]): number {
  for (const word of words)
    if (startsWithAnyCase(bytes, end - word.length, word) && !isWord(bytes[end - word.length - 1]))
      return end - word.length;
  return -1;
}

/** Bytes of the signs before `first` that are closed by those from `end` on; 0 when they are too few to be a mark. */
function enclosure(bytes: Uint8Array, first: number, end: number, isPrefixed: boolean): number {
  let [left, right, signs, telling] = [first, end, 0, isPrefixed ? 1 : 0];
  for (; signs < SIGNS_MAX; signs++) {
    const open = signBefore(bytes, left);
    const close = codePointAt(bytes, right);
    if (open < 0 || !closes(open, close)) break;
    if (signs === 0 && QUOTING.has(open)) return 0;
    if (!COMMON.has(open)) telling += open < 0x80 ? 1 : 2;
    else if (opensAll(bytes, left)) telling++;
    else if (signs === 0) return 0;
    left -= utf8Length(open);
    right += utf8Length(close);
  }
  return telling >= 2 && signs > 0 ? first - left : 0;
}

/** Signs that begin a block of text on a line of their own: `:::user`. */
const BLOCK_SIGNS = new Set([...":~%@$^&+|"].map((sign) => sign.charCodeAt(0)));

/** Three or four of the same sign at the start of the line, and so many bytes; else 0. */
function lineSigns(bytes: Uint8Array, first: number): number {
  const sign = bytes[first - 1] as number;
  if (!BLOCK_SIGNS.has(sign)) return 0;
  let signs = 1;
  while (signs < SIGNS_MAX && bytes[first - signs - 1] === sign) signs++;
  const before = bytes[first - signs - 1];
  return signs > 2 && (before === undefined || before === NEWLINE) ? signs : 0;
}

/** Whether the two signs belong together; of those beyond ASCII nobody knows all pairs. */
function closes(open: number, close: number): boolean {
  return close === (CLOSERS.get(open) ?? open) || (open >= 0x2000 && isSign(close) && !COMMON.has(open));
}

/** Punctuation and symbols (Unicode's blocks from U+2000 to U+2E7F, and of East Asian scripts). */
const isSign = (point: number): boolean =>
  (point >= 0x2010 && point < 0x2e80) || (point >= 0x3008 && point <= 0x301f) || (point >= 0xff01 && point <= 0xff65);

/** Whether a bracket stands before all of the same that end here, or the beginning of a comment. */
function opensAll(bytes: Uint8Array, end: number): boolean {
  let at = end - 1;
  while (end - at < SIGNS_MAX && bytes[at] === bytes[end - 1]) at--;
  return isOpening(bytes[at]) || (bytes[at] === 0x21 && bytes[at - 1] === 0x3c);
}

/** `<msg from="system"`: the first attribute of a tag says that this is nobody's text but the system's or the model's. */
function isTold(bytes: Uint8Array, start: number, name: number): boolean {
  if (name > 0 || whoIs(bytes, start) === 1) return false;
  let at = -name - 1;
  while (-name - at < NAME_MAX && isWord(bytes[at - 1])) at--;
  return bytes[at - 1] === 0x3c;
}

/** The code point that ends before `end`, if it is a sign: no letter, no digit, no blank; else -1. */
function signBefore(bytes: Uint8Array, end: number): number {
  const byte = bytes[end - 1];
  if (byte === undefined || byte <= 0x20 || byte === 0x7f || (isWord(byte) && byte !== UNDERSCORE)) return -1;
  if (byte < 0x80) return byte;
  const start = (bytes[end - 2] as number) >= 0xc0 ? end - 2 : end - 3;
  const point = codePointAt(bytes, start);
  return isSign(point) || (point >= 0xa1 && point <= 0xbf) ? point : -1;
}

/** At the start of a line, between brackets that stand nowhere else. */
function isRare(bytes: Uint8Array, first: number, signs: number): boolean {
  const before = bytes[first - signs - 1];
  if (signs === 0 || (before !== undefined && before !== NEWLINE)) return false;
  return RARE.has(signBefore(bytes, first));
}
