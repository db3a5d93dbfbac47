import { ZtlError } from "../errors.ts";
import type { TextEmbeddings } from "./embeddings.ts";
import { DIMENSIONS_MAX } from "./limits.ts";

/** Enough that a page's few hundred features seldom share a component. */
const DIMENSIONS = 512;
/** Sequences of so many characters, together as heavy as their word, let "approval" find "approvals". */
const NGRAM_CHARACTERS = 3;
/** Short words are mostly articles and prepositions, which say little about the topic. */
const SHORT_WORD_CHARACTERS = 3;
const SHORT_WORD_WEIGHT = 0.5;
/** FNV-1a, 32 bits (draft-eastlake-fnv, section 5). */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Vectors by feature hashing: each word, and each sequence of three characters in it, adds to one component with a sign of its
 * own (Weinberger et al., ICML 2009). Lexical, not semantic: texts are near when they share words or parts of words.
 * The same everywhere and always, with no model and no network: for offline use, demonstrations and tests.
 */
export class HashEmbeddings implements TextEmbeddings {
  readonly dimensions: number;

  constructor({ dimensions = DIMENSIONS }: { readonly dimensions?: number } = {}) {
    if (!Number.isSafeInteger(dimensions) || dimensions < 2 || dimensions > DIMENSIONS_MAX)
      throw new ZtlError("dimensions-invalid", `Expected dimensions from 2 to ${DIMENSIONS_MAX}; found ${dimensions}`);
    this.dimensions = dimensions;
  }

  async embedDocuments(texts: string[]): Promise<number[][]> {
    return texts.map((text) => this.#embed(text));
  }

  async embedQuery(text: string): Promise<number[]> {
    return this.#embed(text);
  }

  #embed(text: string): number[] {
    const vector = new Array<number>(this.dimensions).fill(0);
    for (const [word, count] of countWords(text)) {
      const length = [...word].length;
      // A word that comes ten times says more about the topic, but not ten times more.
      const weight = Math.sqrt(count) * (length <= SHORT_WORD_CHARACTERS ? SHORT_WORD_WEIGHT : 1);
      this.#add(vector, `word ${word}`, weight);
      const ngrams = ngramsOf(word);
      for (const ngram of ngrams) this.#add(vector, `part ${ngram}`, weight / Math.sqrt(ngrams.length));
    }
    const norm = Math.hypot(...vector);
    // A text without words still needs a direction.
    if (norm === 0) vector[0] = 1;
    return norm === 0 ? vector : vector.map((part) => part / norm);
  }

  #add(vector: number[], feature: string, weight: number): void {
    const hash = fnv1a(feature);
    const component = (hash >>> 1) % this.dimensions;
    vector[component] = (vector[component] as number) + ((hash & 1) === 0 ? weight : -weight);
  }
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text
    .normalize("NFKC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function ngramsOf(word: string): string[] {
  const characters = [..."^", ...word, ..."$"];
  const last = Math.max(1, characters.length - NGRAM_CHARACTERS + 1);
  return Array.from({ length: last }, (_, start) => characters.slice(start, start + NGRAM_CHARACTERS).join(""));
}

function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  // FNV's low bits are weak, and both the component and the sign are taken from them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
