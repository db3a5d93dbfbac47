/** Wording that two texts share, also where single words were changed, left out or put in. */

export interface SharedWording {
  /** UTF-16 units of the target and of the source, ends exclusive. */
  readonly start: number;
  readonly end: number;
  readonly sourceStart: number;
  readonly sourceEnd: number;
  /** Words of some length in the target's stretch that both have. */
  readonly words: number;
}

/** A word long enough to be none of those that hold sentences together: by Zipf's law of abbreviation these are short. */
interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** Its place among all words, short ones counted. */
  readonly place: number;
  readonly weight: number;
}

const WORD = /[\p{L}\p{M}\p{N}'’]+/gu;
const WORD_LETTERS_MIN = 4;
/** Words that count in full. */
const LONG_LETTERS_MIN = 5;
/** Words in a row that must be the same: two are often found together, three hardly ever by chance. */
const SHINGLE_WORDS = 3;
/** Words of a stretch that may be others in between. */
const GAP_WORDS_MAX = 3;
/** Words looked at in one text: 1 MiB of English. */
const WORDS_MAX = 200_000;
const STRETCHES_MAX = 200;
/**
 * A formula of courtesy is held together by short words and has two to five long ones; a statement about something has more of them,
 * and closer together. A long passage is a quotation whatever it is made of.
 */
const LONG_WORDS_MIN = 6;
const LONG_SHARE_MIN = 0.5;
const LONG_SHARED_MIN = 5;
const LONG_WORDS_SURE = 14;
/** A name in the middle of a sentence says as much as two words, where not every word is written large. */
const NAME_WEIGHT = 2;
const NAME_SHARE_MAX = 0.25;

export class Wording {
  readonly #words: readonly Word[];
  /** The one that begins at each word. */
  readonly #shingles: readonly string[];
  /** Where each shingle begins first. */
  readonly #places = new Map<string, number>();

  constructor(text: string) {
    this.#words = wordsOf(text);
    this.#shingles = shinglesOf(this.#words);
    for (const [at, shingle] of this.#shingles.entries()) if (!this.#places.has(shingle)) this.#places.set(shingle, at);
  }

  /** Rows of words, each once: two texts that share none share no wording. */
  shingles(): Iterable<string> {
    return this.#places.keys();
  }

  /** Stretches of `target` that are this text's, less what also stands in a text that `isKnown` tells of. Linear in both. */
  sharedWith(target: Wording, isKnown: (shingle: string) => boolean = () => false): SharedWording[] {
    const found: SharedWording[] = [];
    let stretch: { from: number; to: number; sourceFrom: number; sourceTo: number } | undefined;
    const close = (): void => {
      const shared = stretch === undefined ? undefined : this.#measure(target, stretch);
      if (shared !== undefined && found.length < STRETCHES_MAX) found.push(shared);
      stretch = undefined;
    };
    for (const [at, shingle] of target.#shingles.entries()) {
      const place = this.#places.get(shingle);
      if (place === undefined || isKnown(shingle)) continue;
      if (stretch !== undefined && !goesOn(stretch, at, place)) close();
      stretch ??= { from: at, to: at, sourceFrom: place, sourceTo: place };
      stretch.to = at + SHINGLE_WORDS;
      stretch.sourceTo = Math.max(stretch.sourceTo, place + SHINGLE_WORDS);
    }
    close();
    return found;
  }

  #measure(
    target: Wording,
    { from, to, sourceFrom, sourceTo }: { from: number; to: number; sourceFrom: number; sourceTo: number },
  ): SharedWording | undefined {
    const words = target.#words.slice(from, to);
    const own = this.#words.slice(sourceFrom, sourceTo);
    const weights = new Map(own.map(({ word, weight }) => [word, weight]));
    const shared = new Set(words.map(({ word }) => word).filter((word) => weights.has(word)));
    const weight = [...shared].reduce((sum, word) => sum + (weights.get(word) ?? 0), 0);
    const [first, last] = [words[0], words.at(-1)];
    const [ownFirst, ownLast] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined || ownFirst === undefined || ownLast === undefined) return undefined;
    const all = last.place - first.place + 1;
    const long = [...shared].filter((word) => (weights.get(word) ?? 0) > 0).length;
    if (long < LONG_SHARED_MIN) return undefined;
    if (weight < LONG_WORDS_SURE && (weight < LONG_WORDS_MIN || weight / all < LONG_SHARE_MIN)) return undefined;
    const { start } = first;
    return { start, end: last.end, sourceStart: ownFirst.start, sourceEnd: ownLast.end, words: shared.size };
  }
}

function shinglesOf(words: readonly Word[]): string[] {
  const shingles: string[] = [];
  for (let at = 0; at + SHINGLE_WORDS <= words.length; at++) {
    let shingle = "";
    for (let word = at; word < at + SHINGLE_WORDS; word++) shingle += `${words[word]?.word} `;
    shingles.push(shingle);
  }
  return shingles;
}

function goesOn(
  { to, sourceFrom, sourceTo }: { to: number; sourceFrom: number; sourceTo: number },
  at: number,
  place: number,
): boolean {
  return at - to <= GAP_WORDS_MAX && place >= sourceFrom && place - sourceTo <= GAP_WORDS_MAX;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let place = 0;
  let large = 0;
  let middle = 0;
  let previousEnd = 0;
  const names = new Set<number>();
  for (const { 0: written, index } of text.matchAll(WORD)) {
    if (words.length >= WORDS_MAX) break;
    place++;
    // In the middle of a sentence only a blank, or a blank and a comma, stands before a word.
    const isMiddle = /^,? $/.test(text.slice(previousEnd, Math.min(index, previousEnd + 3)));
    previousEnd = index + written.length;
    const isLarge = /^\p{Lu}\p{Ll}/u.test(written);
    if (isMiddle) middle++;
    if (isMiddle && isLarge) large++;
    if (written.length < WORD_LETTERS_MIN) continue;
    if (isMiddle && isLarge) names.add(words.length);
    const word = written.normalize("NFKC").toLowerCase();
    const weight = written.length >= LONG_LETTERS_MIN ? 1 : 0;
    words.push({ word, start: index, end: index + written.length, place, weight });
  }
  if (large > middle * NAME_SHARE_MAX) return words;
  return words.map((word, at) => (names.has(at) ? { ...word, weight: NAME_WEIGHT } : word));
}
