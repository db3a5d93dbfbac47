import { ENTROPY_LIMITS } from "../limits.ts";
import { imperativesOf, type Sentence } from "./sentences.ts";
import type { ArgumentValue } from "./values.ts";
import { Words } from "./words.ts";

/** A text that came into the run from outside. */
interface Result {
  /** Such as `read_file(bill.txt)`. */
  readonly label: string;
  readonly words: Words;
  readonly imperatives: readonly Sentence[];
}

/** Where a value of a call stands, of what the run has seen by then. */
export interface Origin {
  readonly value: ArgumentValue;
  readonly inRequest: boolean;
  /** Between 0 and 1: of its words, those that stand somewhere in the request. */
  readonly requestShare: number;
  /** The newest result that holds it, word for word. */
  readonly result: string | undefined;
  /** The sentence of a result that asks for something and holds it. */
  readonly command: { readonly result: string; readonly sentence: string } | undefined;
  /** Between 0 and 1: of its words that are not in the request, those that stand in sentences that ask for something. */
  readonly commandedShare: number;
}

/** What a run has seen: the request, which is its person's, and results, which are anybody's. */
export class RunTexts {
  readonly #requests: Words[] = [];
  readonly #results: Result[] = [];

  addRequest(text: string): void {
    this.#requests.push(Words.of(text));
    if (this.#requests.length > ENTROPY_LIMITS.requests) this.#requests.shift();
  }

  addResult(label: string, text: string): void {
    this.#results.push({ label, words: Words.of(text), imperatives: imperativesOf(text) });
    if (this.#results.length > ENTROPY_LIMITS.results) this.#results.shift();
  }

  originOf(value: ArgumentValue): Origin {
    const { words } = value;
    const newest = this.#results.toReversed();
    const commanding = newest.flatMap((result) =>
      result.imperatives
        .filter((sentence) => sentence.words.hasRun(words))
        .map((sentence) => ({ result: result.label, sentence: sentence.text })),
    );
    const unasked = words.filter((word) => !this.#requests.some((request) => request.set.has(word)));
    const commanded = unasked.filter((word) =>
      newest.some(({ imperatives }) => imperatives.some((sentence) => sentence.words.set.has(word))),
    );
    return {
      value,
      inRequest: this.#requests.some((request) => request.hasRun(words)),
      requestShare: 1 - unasked.length / words.length,
      result: newest.find((result) => result.words.hasRun(words))?.label,
      command: commanding[0],
      commandedShare: unasked.length === 0 ? 0 : commanded.length / words.length,
    };
  }
}
