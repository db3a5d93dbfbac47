import { defined } from "../../base/optional.ts";
import { ARGUMENT_UNITS_MIN, SPANS_MAX } from "../limits.ts";
import type { ContextPiece, Echo } from "./differential.ts";
import { type NormalisedText, normalise } from "./normalise.ts";
import { type SharedSpan, SpanFinder } from "./shared-spans.ts";
import { wordsOf } from "./words.ts";

/** Between pieces that are searched together: in no normalised text, so that no span crosses it. */
const SEPARATOR = "\0";

interface Piece {
  readonly text: string;
  readonly normal: NormalisedText;
  /** Where its normalised text begins among all of them. */
  readonly start: number;
}

/** One text of a later piece. */
export interface LaterText {
  readonly later: number;
  readonly place?: string;
  readonly text: string;
  /** True for the value of an argument, as opposed to a member's name or an output. */
  readonly isValue?: boolean;
}

/** Looks for pieces of the payload in one later text after the other. */
export class EchoFinder {
  readonly #pieces: readonly Piece[];
  readonly #payload: SpanFinder;
  readonly #known: SpanFinder;
  /** Where each word of the payload stands first, in units of the joined text. */
  readonly #words = new Map<string, SharedSpan>();
  readonly #knownWords = new Set<string>();
  readonly echoes: Echo[] = [];
  truncated = false;

  constructor(payload: readonly ContextPiece[], known: readonly string[], minimum: number) {
    let start = 0;
    this.#pieces = payload.map(({ text }) => {
      const piece = { text, normal: normalise(text), start };
      start += piece.normal.text.length + SEPARATOR.length;
      return piece;
    });
    this.#payload = new SpanFinder(this.#pieces.map(({ normal }) => normal.text).join(SEPARATOR), minimum);
    const knownTexts = known.map(normalise);
    this.#known = new SpanFinder(knownTexts.map(({ text }) => text).join(SEPARATOR), minimum);
    for (const piece of this.#pieces) this.#collectWords(piece);
    for (const text of knownTexts) for (const { word } of wordsOf(text)) this.#knownWords.add(word);
  }

  /** Adds the echoes in one text; answers with how many of its units they cover, known ones left out. */
  search(later: LaterText): number {
    const normal = normalise(later.text);
    const known = merge(this.#known.find(normal.text, normal.text.length));
    let passed = 0;
    let covered = 0;
    let echoedUnits = 0;
    const spans = this.#payload.find(normal.text, normal.text.length);
    for (const found of spans) {
      const span = trim(found, normal.text);
      const end = span.targetStart + span.length;
      while (passed < known.length && (known[passed] as Range).end < end) passed++;
      const isKnown = passed < known.length && (known[passed] as Range).start <= span.targetStart;
      const echo = this.#add(later, normal, span, { known: isKnown, wholeArgument: false });
      if (isKnown) continue;
      echoedUnits += Math.max(0, echo.laterEnd - Math.max(covered, echo.laterStart));
      covered = Math.max(covered, echo.laterEnd);
    }
    return spans.length === 0 && later.isValue === true ? this.#searchWhole(later, normal) : echoedUnits;
  }

  /** An argument of one word: an address or a name is telling although it is short. */
  #searchWhole(later: LaterText, normal: NormalisedText): number {
    const [only, second] = wordsOf(normal);
    if (only === undefined || second !== undefined || only.word.length < ARGUMENT_UNITS_MIN) return 0;
    const found = this.#words.get(only.word);
    if (found === undefined) return 0;
    const known = this.#knownWords.has(only.word);
    const echo = this.#add(later, normal, { ...found, targetStart: only.start }, { known, wholeArgument: true });
    return known ? 0 : echo.laterEnd - echo.laterStart;
  }

  #collectWords({ normal, start }: Piece): void {
    for (const { word, start: from } of wordsOf(normal)) {
      if (word.length < ARGUMENT_UNITS_MIN || this.#words.has(word)) continue;
      this.#words.set(word, { payloadStart: start + from, targetStart: 0, length: word.length });
    }
  }

  #add(
    { later, place, text }: LaterText,
    normal: NormalisedText,
    span: SharedSpan,
    facts: Pick<Echo, "known" | "wholeArgument">,
  ): Echo {
    const origin = this.#originOf(span);
    const [laterStart, laterEnd] = originOf(normal, span.targetStart, span.targetStart + span.length);
    const again = text.slice(laterStart, laterEnd);
    const echo: Echo = {
      payload: origin.payload,
      payloadStart: origin.start,
      payloadEnd: origin.end,
      later,
      ...defined({ place }),
      laterStart,
      laterEnd,
      text: again,
      match: origin.text === again ? "exact" : "normalised",
      ...facts,
    };
    if (this.echoes.length < SPANS_MAX) this.echoes.push(echo);
    else this.truncated = true;
    return echo;
  }

  #originOf({ payloadStart, length }: SharedSpan): { payload: number; start: number; end: number; text: string } {
    let payload = 0;
    let high = this.#pieces.length - 1;
    while (payload < high) {
      const middle = Math.ceil((payload + high) / 2);
      if ((this.#pieces[middle] as Piece).start <= payloadStart) payload = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[payload] as Piece;
    const from = payloadStart - piece.start;
    const [start, end] = originOf(piece.normal, from, from + length);
    return { payload, start, end, text: piece.text.slice(start, end) };
  }
}

/** Without the space at either end, of which nobody can say where it came from. */
function trim({ payloadStart, targetStart, length }: SharedSpan, target: string): SharedSpan {
  const before = target[targetStart] === " " ? 1 : 0;
  const after = target[targetStart + length - 1] === " " ? 1 : 0;
  return { payloadStart: payloadStart + before, targetStart: targetStart + before, length: length - before - after };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What spans cover together. They come in the order of their starts, and so of their ends. */
function merge(spans: readonly SharedSpan[]): Range[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { targetStart, length } of spans) {
    const last = ranges.at(-1);
    if (last !== undefined && targetStart <= last.end) last.end = targetStart + length;
    else ranges.push({ start: targetStart, end: targetStart + length });
  }
  return ranges;
}

function originOf({ starts, ends }: NormalisedText, from: number, to: number): readonly [number, number] {
  return [starts[from] as number, ends[to - 1] as number];
}
