import { APOSTROPHE, QUOTE } from "./bytes.ts";
import { KIND, nextToken, type ObjectHit, type ObjectRules, stringEnd } from "./json-objects.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
/** No key that a rule names stands before the value. */
const NO_KEY = -1;

/** The quote that begins an object's first key: JSON's, or the one that Python writes. */
export type Opener = typeof QUOTE | typeof APOSTROPHE;

/** Why the walk ended before the end of the text. */
export type WalkResult = "done" | "stopped" | "too-deep" | "too-many";

export interface WalkLimits {
  readonly depth: number;
  /** Strings, objects and arrays. */
  readonly tokens: number;
  /** Objects that begin behind it are of no interest. */
  readonly lastKey: number;
}

/**
 * Finds every JSON object in a text, at any depth, wherever it stands (lines, log entries, code fences), and says which
 * object rules it meets. An own walker and not JSON.parse, because the text around objects is not JSON, because
 * broken and cut-off objects count as well, and because nothing is allocated for values of no interest.
 * Each byte is read at most three times, whatever the input.
 */
export function walkJson(
  bytes: Uint8Array,
  rules: ObjectRules,
  limits: WalkLimits,
  opener: Opener,
  hit: ObjectHit,
): { readonly result: WalkResult; readonly tokens: number } {
  const walker = new Walker(bytes, rules, limits, opener, hit);
  return { result: walker.run(), tokens: walker.tokens };
}

class Walker {
  readonly #bytes: Uint8Array;
  readonly #rules: ObjectRules;
  readonly #limits: WalkLimits;
  readonly #opener: Opener;
  readonly #hit: ObjectHit;
  /** Objects and arrays that are open: where they start, of which kind, bits of the terms met, the key whose value comes. */
  readonly #starts: Int32Array;
  readonly #isObject: Uint8Array;
  readonly #seen: Int32Array;
  readonly #seenHigh: Int32Array;
  readonly #keys: Int32Array;
  readonly #members: Int32Array;
  #depth = 0;
  tokens = 0;
  #result: WalkResult = "done";
  #at = 0;
  /** Start of the last string read. When the text after it is not JSON, reading goes on from inside it. */
  #lastString = -1;
  /** Once the last quote is passed, no further string can be closed. */
  readonly #lastQuote: number;
  readonly #lastApostrophe: number;

  constructor(bytes: Uint8Array, rules: ObjectRules, limits: WalkLimits, opener: Opener, hit: ObjectHit) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.#limits = limits;
    this.#starts = new Int32Array(limits.depth + 1);
    this.#isObject = new Uint8Array(limits.depth + 1);
    this.#seen = new Int32Array(limits.depth + 1);
    this.#seenHigh = new Int32Array(limits.depth + 1);
    this.#keys = new Int32Array(limits.depth + 1);
    this.#members = new Int32Array(limits.depth + 1);
    this.#opener = opener;
    this.#hit = hit;
    this.#lastQuote = bytes.lastIndexOf(QUOTE);
    this.#lastApostrophe = bytes.lastIndexOf(APOSTROPHE);
  }

  run(): WalkResult {
    const bytes = this.#bytes;
    while (this.#at < bytes.length && this.#result === "done") {
      if (this.#depth > 0) {
        if (!this.#inside()) this.#abandon();
        continue;
      }
      const open = nextBrace(bytes, this.#at, this.#limits.lastKey);
      if (open >= this.#limits.lastKey) return this.#result;
      this.#at = open;
      // Most braces of program text are not followed by a string.
      if (bytes[nextToken(bytes, open + 1)] === this.#opener) this.#push(OPEN_OBJECT);
      else this.#at = open + 1;
    }
    while (this.#depth > 0 && this.#result === "done") this.#pop();
    return this.#result;
  }

  /** Reads one token inside an object or array. False when the text is not JSON here. */
  #inside(): boolean {
    const bytes = this.#bytes;
    this.#at = nextToken(bytes, this.#at);
    switch (bytes[this.#at]) {
      case undefined:
        return true;
      case COMMA:
        this.#at++;
        return true;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#push(bytes[this.#at] as number);
        return true;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY: {
        const closes = (bytes[this.#at] === CLOSE_OBJECT) === this.#isInObject();
        if (!closes) return false;
        this.#at++;
        this.#pop();
        return true;
      }
      case QUOTE:
        return this.#string(QUOTE, this.#lastQuote);
      case APOSTROPHE:
        return this.#string(APOSTROPHE, this.#lastApostrophe);
      default:
        return this.#scalar();
    }
  }

  #isInObject(): boolean {
    return this.#isObject[this.#depth - 1] === 1;
  }

  /** Python writes its dictionaries with apostrophes; `last` is the last quote of this kind in the text. */
  #string(quote: number, last: number): boolean {
    this.#count();
    const bytes = this.#bytes;
    const first = this.#at + 1;
    const end = first > last ? -1 : stringEnd(bytes, first, quote);
    if (end < 0) return false;
    this.#lastString = first;
    this.#at = nextToken(bytes, end + 1);
    const next = bytes[this.#at];
    if (next === COLON && this.#isInObject()) {
      const key = this.#rules.known(bytes, first, end);
      this.#keys[this.#depth - 1] = this.#rules.isKey(key) ? key : NO_KEY;
      this.#members[this.#depth - 1] = (this.#members[this.#depth - 1] as number) + 1;
      this.#at++;
      return true;
    }
    if (this.#keys[this.#depth - 1] !== NO_KEY) this.#value(KIND.string, this.#rules.known(bytes, first, end));
    return next === COMMA || next === CLOSE_OBJECT || next === CLOSE_ARRAY || next === undefined;
  }

  /** A number, `true`, `false`, `null`: letters, digits and signs up to the next delimiter. */
  #scalar(): boolean {
    const start = this.#at;
    while (isScalarByte(this.#bytes[this.#at])) this.#at++;
    if (this.#at === start) return false;
    const first = this.#bytes[start] as number;
    this.#value(first <= 0x39 ? KIND.number : KIND.literal, -1);
    return true;
  }

  #push(open: number): void {
    if (this.#depth > 0) this.#value(open === OPEN_OBJECT ? KIND.object : KIND.array, -1);
    this.#count();
    if (this.#depth >= this.#limits.depth) this.#result = "too-deep";
    this.#starts[this.#depth] = this.#at;
    this.#isObject[this.#depth] = open === OPEN_OBJECT ? 1 : 0;
    this.#seen[this.#depth] = 0;
    this.#seenHigh[this.#depth] = 0;
    this.#keys[this.#depth] = NO_KEY;
    this.#members[this.#depth] = 0;
    this.#depth++;
    this.#at++;
  }

  #count(): void {
    if (++this.tokens > this.#limits.tokens) this.#result = "too-many";
  }

  /** Notes the value of the key before it, if it is one that a rule names. */
  #value(kind: number, string: number): void {
    const top = this.#depth - 1;
    const key = this.#keys[top] as number;
    if (key === NO_KEY) return;
    const { low, high } = this.#rules.ofKind(key, kind);
    const value = this.#rules.ofString(key, string);
    this.#seen[top] = (this.#seen[top] as number) | low | value.low;
    this.#seenHigh[top] = (this.#seenHigh[top] as number) | high | value.high;
    this.#keys[top] = NO_KEY;
  }

  #pop(): void {
    const top = --this.#depth;
    const low = this.#seen[top] as number;
    const high = this.#seenHigh[top] as number;
    if (low === 0 && high === 0) return;
    const members = this.#members[top] as number;
    if (!this.#rules.match(low, high, members, this.#starts[top] as number, this.#at, this.#hit))
      this.#result = "stopped";
  }

  /** What was read so far counts; then the search for objects goes on, from inside the last string if there was one. */
  #abandon(): void {
    while (this.#depth > 0 && this.#result === "done") this.#pop();
    this.#at = this.#lastString >= 0 ? this.#lastString : this.#at + 1;
    this.#lastString = -1;
  }
}

/** Four bytes at a time: braces are rare, and all of the text is looked through. */
function nextBrace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at + 4 <= end; at += 4)
    if (
      bytes[at] === OPEN_OBJECT ||
      bytes[at + 1] === OPEN_OBJECT ||
      bytes[at + 2] === OPEN_OBJECT ||
      bytes[at + 3] === OPEN_OBJECT
    )
      break;
  while (at < end && bytes[at] !== OPEN_OBJECT) at++;
  return at;
}

function isScalarByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x61 && byte <= 0x7a) ||
      (byte >= 0x41 && byte <= 0x5a) ||
      byte === 0x2b ||
      byte === 0x2d ||
      byte === 0x2e)
  );
}
