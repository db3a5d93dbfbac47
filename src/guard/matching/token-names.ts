import { KnownStrings } from "./known-strings.ts";

/** What a special token's name says: it opens somebody's turn, it has a word that only control tokens have, or neither. */
export type NameKind = "turn" | "control" | "unknown";

const ROLE = 1;
const OPEN = 2;
const CLOSE = 4;
const INNER = 8;

const words = (bits: number, text: string): [string, number][] => text.split(" ").map((word) => [word, bits]);

/**
 * Words of which the names of special tokens are made. A name with an opening word or a role opens a turn (`im_start`, `USER_TOKEN`,
 * `start_header_id`), unless it also closes something (`end_of_role`) or belongs inside a turn (`tool_call_start`).
 */
const WORDS: readonly (readonly [string, number])[] = [
  ...words(ROLE, "system user assistant human bot chatbot model developer prompter prompt question answer ai agent"),
  ...words(ROLE, "observation environment ipython tool function response instruction role"),
  ...words(OPEN, "start begin beginning open bos bom sop turn header"),
  ...words(CLOSE, "end eos eot eom eoh eoa eod eou close stop sep separator endofturn"),
  ...words(INNER, "tools call calls functions func image img vision video audio speech fim python code think thinking"),
  ...words(INNER, "thought reasoning object box quad ref pad doc file repo tile patch action plugin interpreter text"),
  ...words(INNER, "sentence plan result results output outputs content step list arg argument args data section"),
];
const KNOWN = new KnownStrings(WORDS.map(([word]) => word));
const BITS = Int32Array.from(WORDS.map(([, bits]) => bits));
/** The words that also appear inside a longer name, where they say nothing about who speaks. */
const INSIDE = new Set(["tool", "function", "response", "answer", "action"]);
const IS_INSIDE = Uint8Array.from(WORDS.map(([word]) => (INSIDE.has(word) ? 1 : 0)));

/** Beginnings of names written as one word, as in `startofpiece` or `userprompt`. */
const OPENING_PREFIXES = ["startof", "beginof", "user", "system", "assistant", "human", "prompt"].map(encode);
const CLOSING_PREFIXES = ["endof", "stopof"].map(encode);
/** What stands after `startof` in tokens that begin a text or a picture, not a turn. */
const NOT_A_TURN = ["startoftext", "startofimage", "startofvideo", "startofaudio"].map(encode);

const WORD_MAX = 24;
const scratch = new Uint8Array(WORD_MAX);

/** Reads the name from `first` to `end` word by word; nothing is allocated. */
export function kindOfName(bytes: Uint8Array, first: number, end: number): NameKind {
  let all = 0;
  let count = 0;
  let known = 0;
  let at = first;
  while (at < end) {
    const length = readWord(bytes, at, end);
    if (length > 0) {
      const bits = bitsOf(length);
      if (bits.only !== 0) known++;
      all |= bits.inside;
      if (++count === 1 && at + length >= end) return kindOf(bits.only);
    }
    at += Math.max(length, 1);
  }
  return known === 0 ? "unknown" : kindOf(all);
}

function kindOf(bits: number): NameKind {
  if (bits === 0) return "unknown";
  return (bits & (CLOSE | INNER)) === 0 ? "turn" : "control";
}

const found = { only: 0, inside: 0 };

/** Bits of the word in the scratch: when it is the whole name, and when it is part of one. */
function bitsOf(length: number): { readonly only: number; readonly inside: number } {
  const index = KNOWN.find(scratch, 0, length);
  if (index >= 0) {
    found.only = BITS[index] as number;
    found.inside = IS_INSIDE[index] === 1 ? INNER : found.only;
    return found;
  }
  found.only = prefixBits(length);
  found.inside = found.only;
  return found;
}

function prefixBits(length: number): number {
  if (CLOSING_PREFIXES.some((prefix) => beginsWith(prefix, length))) return CLOSE;
  if (!OPENING_PREFIXES.some((prefix) => beginsWith(prefix, length))) return 0;
  return NOT_A_TURN.some((prefix) => beginsWith(prefix, length)) ? INNER : OPEN;
}

function beginsWith(prefix: Uint8Array, length: number): boolean {
  if (prefix.length > length) return false;
  for (let at = 0; at < prefix.length; at++) if (scratch[at] !== prefix[at]) return false;
  return true;
}

/** Copies the letters from `at` into the scratch, in lower case; gives how many, and 0 for a word too long to be known. */
function readWord(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  for (; at + length < end; length++) {
    const byte = (bytes[at + length] as number) | 0x20;
    if (byte < 0x61 || byte > 0x7a || (bytes[at + length] as number) < 0x41) break;
    if (length === WORD_MAX) return 0;
    scratch[length] = byte;
  }
  return length;
}

function encode(text: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(text));
}
