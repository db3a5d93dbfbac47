import type { NormalisedText } from "./normalise.ts";

/** A stretch of a normalised text without spaces, and without the punctuation around it. */
export interface Word {
  readonly word: string;
  /** Range in the normalised text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

const PUNCTUATION = new Set(".,;:!?\"'`()[]{}<>*_|");

/** The words of a text, in order. Linear. */
export function* wordsOf({ text }: NormalisedText): Generator<Word> {
  for (let from = 0; from < text.length; ) {
    const space = text.indexOf(" ", from);
    const to = space < 0 ? text.length : space;
    let start = from;
    let end = to;
    while (start < end && PUNCTUATION.has(text[start] as string)) start++;
    while (start < end && PUNCTUATION.has(text[end - 1] as string)) end--;
    if (start < end) yield { word: text.slice(start, end), start, end };
    from = to + 1;
  }
}
