import type { Decoding } from "../guard/index.ts";

/** What a value is, as far as it can be compared in other spellings. */
export type FactKind =
  | "iban"
  | "phone"
  | "mail"
  | "url"
  | "host"
  | "address"
  | "number"
  | "date"
  | "digits"
  | "identifier"
  | "path"
  | "name"
  | "wording";

/** How a value was written, beyond what the guard undoes. */
export type Transform =
  | Decoding
  | "base32"
  | "character-codes"
  | "quoted-printable"
  | "compressed"
  | "reversed"
  | "rotated"
  | "joined";

/** A value in a text, under a key that is the same for all of its spellings. */
export interface Fact {
  readonly kind: FactKind;
  readonly key: string;
  /** How much it says, in bits: what the chance of meeting it by accident is the power of. */
  readonly bits: number;
  /** Bytes of the text's UTF-8, end exclusive; the whole encoded run for what had to be decoded. */
  readonly start: number;
  readonly end: number;
  /** What was undone to see it, outermost first. */
  readonly transforms: readonly Transform[];
  /** Whether the text in which it was seen, decoded or not, is nothing but it. */
  readonly fills: boolean;
}

/** A value found in one view of a text; offsets are UTF-16 units of the view. */
export interface RawFact {
  readonly kind: FactKind;
  readonly key: string;
  readonly bits: number;
  readonly start: number;
  readonly end: number;
}

/** Where finders put what they find; a full one takes nothing any more, so that they need not go on. */
export interface Facts {
  readonly isFull: boolean;
  add(fact: RawFact): void;
}

/** Bits of one decimal digit, and of one letter of a name: English has 1 to 1.5 bits a letter (Shannon 1951). */
export const DIGIT_BITS = Math.log2(10);
export const LETTER_BITS = 1.5;
