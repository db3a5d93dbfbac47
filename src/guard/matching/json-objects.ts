import { invariant } from "../../errors.ts";
import type { Rule } from "../rule.ts";
import type { Unit } from "../views/entities.ts";
import { readEscape } from "../views/escapes.ts";
import { BACKSLASH, isBlank } from "./bytes.ts";
import { KnownStrings } from "./known-strings.ts";

/** Longer keys and values than this are none that a rule names, even fully escaped. */
const RAW_STRING_MAX = 256;
/** Terms are bits of two 32-bit integers. */
const TERMS_MAX = 62;
const TERMS_IN_ONE = 31;
/** Keys in ordinary JSON; objects are looked for because of the other terms of the same rule. */
const ORDINARY_KEYS = new Set([
  "content",
  "parts",
  "command",
  "name",
  "type",
  "id",
  "method",
  "result",
  "error",
  "action",
]);

/** Bits of terms, in two integers. */
export interface Terms {
  readonly low: number;
  readonly high: number;
}
const NO_TERMS: Terms = Object.freeze({ low: 0, high: 0 });

/** What a value is, by number. */
export const KIND = Object.freeze({ string: 0, object: 1, array: 2, number: 3, literal: 4 });
const KINDS = Object.keys(KIND).length;

interface ObjectRule {
  readonly rule: number;
  readonly mask: Terms;
  /** An object with more members is another thing that happens to have these. */
  readonly membersMax: number;
}

/** What the walker saw: the rule, and the object's first and last byte. */
export type ObjectHit = (rule: number, start: number, end: number) => boolean;

/**
 * The JSON conditions of all rules: each term (`key`, `key:kind`, `key=string`) is one bit. Strings that rules name have
 * numbers, the keys first, so that the walker makes no string of its own.
 */
export class ObjectRules {
  readonly #terms = new Map<string, Terms>();
  readonly #rules: readonly ObjectRule[];
  readonly #keys: readonly string[];
  readonly #strings: readonly string[];
  readonly #known: KnownStrings;
  /** Bits of the terms a value meets: by key and kind, by key and string. */
  readonly #kindBits: readonly Terms[];
  readonly #stringBits: readonly Terms[];
  readonly #unescaped = new Uint8Array(RAW_STRING_MAX);
  readonly #unit: Unit = { point: 0, length: 0 };
  /** A text without any of these keys holds no object that a rule describes. */
  readonly wakingKeys: readonly string[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.flatMap((rule, number) =>
      rule.patterns.flatMap((pattern) =>
        pattern.kind === "object"
          ? [
              {
                rule: number,
                mask: pattern.all.reduce((mask, term) => union(mask, this.#bit(term)), NO_TERMS),
                membersMax: pattern.membersMax ?? Number.POSITIVE_INFINITY,
              },
            ]
          : [],
      ),
    );
    const terms = [...this.#terms.keys()];
    this.#keys = [...new Set(terms.map((term) => term.split(/[:=]/, 1)[0] as string))];
    this.#strings = [...new Set([...this.#keys, ...terms.flatMap((term) => term.split("=").slice(1))])];
    this.#known = new KnownStrings(this.#strings);
    const bit = (term: string): Terms => this.#terms.get(term) ?? NO_TERMS;
    this.#kindBits = this.#keys.flatMap((key) =>
      Object.keys(KIND).map((kind) => union(bit(key), bit(`${key}:${kind}`))),
    );
    this.#stringBits = this.#keys.flatMap((key) => this.#strings.map((text) => bit(`${key}=${text}`)));
    this.wakingKeys = this.#keys.filter((key) => !ORDINARY_KEYS.has(key));
  }

  /** The number of a JSON string that some rule asks for, or -1; escapes are undone, as a key may be `"\\u0072ole"`. */
  known(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > RAW_STRING_MAX) return -1;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BACKSLASH) continue;
      const length = this.#unescape(bytes, start, end);
      return length < 0 ? -1 : this.#known.find(this.#unescaped, 0, length);
    }
    return this.#known.find(bytes, start, end);
  }

  isKey(string: number): boolean {
    return string >= 0 && string < this.#keys.length;
  }

  /** The terms that a key's value of this kind meets. */
  ofKind(key: number, kind: number): Terms {
    return this.#kindBits[key * KINDS + kind] as Terms;
  }

  /** The terms that a key's value meets as this string; `string` is its number when it is a known one, else -1. */
  ofString(key: number, string: number): Terms {
    return string < 0 ? NO_TERMS : (this.#stringBits[key * this.#strings.length + string] as Terms);
  }

  /** Calls `hit` for each rule whose terms are all there. */
  match(low: number, high: number, members: number, start: number, end: number, hit: ObjectHit): boolean {
    for (const { rule, mask, membersMax } of this.#rules)
      if ((low & mask.low) === mask.low && (high & mask.high) === mask.high && members <= membersMax)
        if (!hit(rule, start, end)) return false;
    return true;
  }

  /** Length of the string without its escapes, or -1 when it is longer than any known one or not ASCII. */
  #unescape(bytes: Uint8Array, start: number, end: number): number {
    let written = 0;
    for (let at = start; at < end; ) {
      let byte = bytes[at] as number;
      let length = 1;
      if (byte === BACKSLASH && readEscape(bytes, at, false, this.#unit)) {
        byte = this.#unit.point;
        length = this.#unit.length;
      }
      if (byte >= 0x80 || written === this.#known.longest) return -1;
      this.#unescaped[written++] = byte;
      at += length;
    }
    return written;
  }

  #bit(term: string): Terms {
    const known = this.#terms.get(term);
    if (known !== undefined) return known;
    const number = this.#terms.size;
    invariant(number < TERMS_MAX, "the terms of all object rules fit two integers");
    const bit = number < TERMS_IN_ONE ? { low: 1 << number, high: 0 } : { low: 0, high: 1 << (number - TERMS_IN_ONE) };
    this.#terms.set(term, bit);
    return bit;
  }
}

function union(one: Terms, other: Terms): Terms {
  return { low: one.low | other.low, high: one.high | other.high };
}

/** Index of the quote, of the kind that opened it, which ends the string that begins at `start`, or -1. */
export function stringEnd(bytes: Uint8Array, start: number, quote: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

/** Index of the first byte at or after `at` that is neither white space nor, as JSON5 and JSONC allow it, in a comment. */
export function nextToken(bytes: Uint8Array, at: number): number {
  let index = at;
  for (let comments = 0; ; comments++) {
    while (isBlank(bytes[index])) index++;
    const end = bytes[index] === SLASH && comments < COMMENTS_MAX ? commentEnd(bytes, index) : -1;
    if (end < 0) return index;
    index = end;
  }
}

/** A parser sets no such bounds; without them a text of keys inside comments would be read on from each. */
const COMMENTS_MAX = 4;
const COMMENT_BYTES_MAX = 256;
const SLASH = 0x2f;
const ASTERISK = 0x2a;
const NEWLINE = 0x0a;

/** Index after the comment that begins here, or -1. */
function commentEnd(bytes: Uint8Array, start: number): number {
  const isLine = bytes[start + 1] === SLASH;
  if (!isLine && bytes[start + 1] !== ASTERISK) return -1;
  const limit = Math.min(bytes.length, start + COMMENT_BYTES_MAX);
  const first = start + 2;
  if (!isLine) return blockEnd(bytes, first, limit);
  for (let at = first; at < limit; at++) if (bytes[at] === NEWLINE) return at + 1;
  return -1;
}

/** Where a comment's end was looked for last, and is not: from `first`, before `end`. */
const UNCLOSED = new WeakMap<Uint8Array, { first: number; end: number }>();

/** Index after the end of a comment, or -1. What is known to have none is not read again, so each byte is read once. */
function blockEnd(bytes: Uint8Array, first: number, limit: number): number {
  const known = UNCLOSED.get(bytes);
  const isKnown = known !== undefined && first >= known.first && first <= known.end;
  for (let at = isKnown ? known.end : first; at < limit; at++)
    if (bytes[at] === ASTERISK && bytes[at + 1] === SLASH) return at + 2;
  if (known === undefined) UNCLOSED.set(bytes, { first, end: limit });
  else {
    if (!isKnown) known.first = first;
    known.end = limit;
  }
  return -1;
}
