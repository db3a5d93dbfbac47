import { ENTROPY_LIMITS } from "../limits.ts";

const WORD = /[\p{L}\p{N}]+(?:\.\p{N}+)*/gu;
const DECIMAL = /^\d{1,15}(?:\.\d{1,15})?$/;
/** `http://a.example` and `a.example` name one place, and what follows them is what counts. */
const SCHEME = /\bhttps?:\/\//gi;

/** The words of a text as they are compared: small letters, NFKC, numbers in one spelling (98.70 is 98.7, 03 is 3). */
export function wordsOf(text: string): string[] {
  const bounded = text.slice(0, ENTROPY_LIMITS.textCharacters).normalize("NFKC").replace(SCHEME, " ").toLowerCase();
  return (bounded.match(WORD) ?? []).map((word) => (DECIMAL.test(word) ? String(Number(word)) : word));
}

/** Words as one string, in which a run of words can be looked for: each stands between two spaces. */
export function phraseOf(words: readonly string[]): string {
  return ` ${words.join(" ")} `;
}

/** A text that can be asked whether words, or a run of them, stand in it. */
export class Words {
  readonly phrase: string;
  readonly set: ReadonlySet<string>;

  constructor(words: readonly string[]) {
    this.phrase = phraseOf(words);
    this.set = new Set(words);
  }

  static of(text: string): Words {
    return new Words(wordsOf(text));
  }

  /** Whether all of `words` stand here, one after the other. */
  hasRun(words: readonly string[]): boolean {
    return words.length > 0 && this.phrase.includes(phraseOf(words));
  }
}
