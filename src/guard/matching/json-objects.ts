import { invariant } from "../../errors.ts";
import type { Rule } from "../rule.ts";
import type { Unit } from "../views/entities.ts";
import { readEscape } from "../views/escapes.ts";
import { BACKSLASH, isBlank, QUOTE } from "./bytes.ts";
import { KnownStrings } from "./known-strings.ts";

/** Longer keys and values than this are none that a rule names, even fully escaped. */
const RAW_STRING_MAX = 256;
/** Terms are bits of a 32-bit integer. */
const TERMS_MAX = 31;
/** Keys in ordinary JSON; objects are looked for because of the other terms of the same rule. */
const ORDINARY_KEYS = new Set(["content", "name", "type", "id", "method", "result", "error", "parameters", "action"]);

/** What a value is, by number. */
export const KIND = Object.freeze({ string: 0, object: 1, array: 2, number: 3, literal: 4 });
const KINDS = Object.keys(KIND).length;

interface ObjectRule {
  readonly rule: number;
  readonly mask: number;
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
  readonly #terms = new Map<string, number>();
  readonly #rules: readonly ObjectRule[];
  readonly #keys: readonly string[];
  readonly #strings: readonly string[];
  readonly #known: KnownStrings;
  /** Bits of the terms a value meets: by key and kind, by key and string. */
  readonly #kindBits: Int32Array;
  readonly #stringBits: Int32Array;
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
                mask: pattern.all.reduce((mask, term) => mask | this.#bit(term), 0),
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
    const bit = (term: string): number => this.#terms.get(term) ?? 0;
    this.#kindBits = Int32Array.from(
      this.#keys.flatMap((key) => Object.keys(KIND).map((kind) => bit(key) | bit(`${key}:${kind}`))),
    );
    this.#stringBits = Int32Array.from(this.#keys.flatMap((key) => this.#strings.map((text) => bit(`${key}=${text}`))));
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

  /** The bits of the terms that a key's value meets; `string` is its number when it is a known one, else -1. */
  bits(key: number, kind: number, string: number): number {
    const ofKind = this.#kindBits[key * KINDS + kind] as number;
    return string < 0 ? ofKind : ofKind | (this.#stringBits[key * this.#strings.length + string] as number);
  }

  /** Calls `hit` for each rule whose terms are all there. */
  match(seen: number, members: number, start: number, end: number, hit: ObjectHit): boolean {
    for (const { rule, mask, membersMax } of this.#rules)
      if ((seen & mask) === mask && members <= membersMax && !hit(rule, start, end)) return false;
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

  #bit(term: string): number {
    const known = this.#terms.get(term);
    if (known !== undefined) return known;
    invariant(this.#terms.size < TERMS_MAX, "the terms of all object rules fit one integer");
    const bit = 1 << this.#terms.size;
    this.#terms.set(term, bit);
    return bit;
  }
}

/** Index of the quote that ends the string which begins at `start`, or -1. */
export function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

/** Index of the first byte at or after `at` that is not white space. */
export function nextToken(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isBlank(bytes[index])) index++;
  return index;
}
