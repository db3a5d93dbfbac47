import { invariant } from "../../errors.ts";
import type { Rule } from "../rule.ts";
import { decodeLevel } from "../views/decode.ts";
import { BACKSLASH, isBlank, QUOTE } from "./bytes.ts";
import { KnownStrings } from "./known-strings.ts";

/** Longer keys and values than this are none that a rule names, even fully escaped. */
const RAW_STRING_MAX = 256;
/** Terms are bits of a 32-bit integer. */
const TERMS_MAX = 31;
/** Keys in ordinary JSON; objects are looked for because of the other terms of the same rule. */
const ORDINARY_KEYS = new Set(["content", "name", "type", "id", "method", "result", "error", "parameters", "action"]);

interface ObjectRule {
  readonly rule: number;
  readonly mask: number;
}

/** What the walker saw: the rule, and the object's first and last byte. */
export type ObjectHit = (rule: number, start: number, end: number) => boolean;

/** The JSON conditions of all rules: each term (`key`, `key:kind`, `key=string`) is one bit. */
export class ObjectRules {
  readonly #terms = new Map<string, number>();
  readonly #keys = new Set<string>();
  readonly #rules: readonly ObjectRule[];
  /** The keys, and the values that terms ask for. */
  readonly #known: KnownStrings;
  /** A text without any of these keys holds no object that a rule describes. */
  readonly wakingKeys: readonly string[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules.flatMap((rule, number) =>
      rule.patterns.flatMap((pattern) =>
        pattern.kind === "object"
          ? [{ rule: number, mask: pattern.all.reduce((mask, term) => mask | this.#bit(term), 0) }]
          : [],
      ),
    );
    const values = [...this.#terms.keys()].flatMap((term) => term.split("=").slice(1));
    this.#known = new KnownStrings([...this.#keys, ...values]);
    this.wakingKeys = [...this.#keys].filter((key) => !ORDINARY_KEYS.has(key));
  }

  /** The text of a JSON string when some rule asks for it; escapes are undone, as a key may be `"\\u0072ole"`. */
  known(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (end - start > RAW_STRING_MAX) return undefined;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BACKSLASH) continue;
      const raw = bytes.subarray(start, end);
      const decoded = decodeLevel(raw, false)?.bytes ?? raw;
      return this.#known.find(decoded, 0, decoded.length);
    }
    return this.#known.find(bytes, start, end);
  }

  isKey(key: string): boolean {
    return this.#keys.has(key);
  }

  bits(key: string, kind: string, value: string | undefined): number {
    return (
      (this.#terms.get(key) ?? 0) |
      (this.#terms.get(`${key}:${kind}`) ?? 0) |
      (value === undefined ? 0 : (this.#terms.get(`${key}=${value}`) ?? 0))
    );
  }

  /** Calls `hit` for each rule whose terms are all there. */
  match(seen: number, start: number, end: number, hit: ObjectHit): boolean {
    for (const { rule, mask } of this.#rules) if ((seen & mask) === mask && !hit(rule, start, end)) return false;
    return true;
  }

  #bit(term: string): number {
    const known = this.#terms.get(term);
    if (known !== undefined) return known;
    invariant(this.#terms.size < TERMS_MAX, "the terms of all object rules fit one integer");
    const bit = 1 << this.#terms.size;
    this.#terms.set(term, bit);
    this.#keys.add(term.split(/[:=]/, 1)[0] as string);
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
