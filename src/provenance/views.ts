import { isAscii } from "node:buffer";
import { lastAtMost } from "../base/sorted.ts";
import { Utf8Places } from "../base/text/index.ts";
import { type DecodedRuns, decodeHidden, decodeLevel, decodeRuns } from "../guard/index.ts";
import { DecodingBudget } from "./decoding-budget.ts";
import type { Transform } from "./fact.ts";
import {
  DECODE_DEPTH,
  DECODED_BYTES_BASE,
  DECODED_BYTES_PER_BYTE,
  REWRITTEN_BYTES_MAX,
  TEXT_BYTES_MAX,
} from "./limits.ts";
import { type ShortCode, shortCodes } from "./short-codes.ts";

/** A text as it stands, or one that something in it stands for. */
export interface TextView {
  readonly text: string;
  readonly transforms: readonly Transform[];
  /** UTF-16 units of `text` as bytes of the original's UTF-8. */
  origin(start: number, end: number): Range;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

interface ByteView {
  readonly bytes: Uint8Array;
  readonly transforms: readonly Transform[];
  origin(start: number, end: number): Range;
}

/** The text and all that decodes from it, within the limits. Linear: what is decoded has a budget of its own. */
export function viewsOf(content: string, rewritten: boolean): TextView[] {
  const bytes = Buffer.from(content, "utf8").subarray(0, TEXT_BYTES_MAX);
  const walk = new Walk(new DecodingBudget(DECODED_BYTES_BASE + bytes.length * DECODED_BYTES_PER_BYTE));
  walk.visit({ bytes, transforms: [], origin: (start, end) => ({ start, end }) }, 0);
  if (rewritten && bytes.length <= REWRITTEN_BYTES_MAX) walk.rewritten(content);
  return walk.views;
}

class Walk {
  readonly views: TextView[] = [];
  readonly #budget: DecodingBudget;

  constructor(budget: DecodingBudget) {
    this.#budget = budget;
  }

  visit(view: ByteView, depth: number): void {
    const text = textView(view);
    this.views.push(text);
    if (depth >= DECODE_DEPTH) return;
    const level = decodeLevel(view.bytes, false);
    if (level !== undefined) {
      const { bytes, map } = level;
      const origin = (start: number, end: number): Range => view.origin(map.start(start), map.end(end));
      // What was undone is told for the text as a whole: of a value's own letters one alone may be encoded.
      this.#down({ bytes, transforms: [...view.transforms, ...map.kinds(0, bytes.length)], origin }, depth);
    }
    const { base64, hex } = decodeRuns(view.bytes, () => true);
    this.#runs(view, base64, "base64", depth);
    this.#runs(view, hex, "hex", depth);
    for (const code of shortCodes(text.text, this.#budget)) this.#code(view, text, code, depth);
    if (isAscii(view.bytes)) return;
    const { tags, selectors } = decodeHidden(view.bytes);
    this.#runs(view, tags, "unicode-tags", depth);
    this.#runs(view, selectors, "variation-selectors", depth);
  }

  /** Spellings that are no encoding of any machine. A place in them is that of the whole text. */
  rewritten(content: string): void {
    const whole = { start: 0, end: Buffer.byteLength(content) };
    const origin = (): Range => whole;
    this.views.push({ text: [...content].reverse().join(""), transforms: ["reversed"], origin });
    this.views.push({ text: content.replace(/[a-z]/gi, rotated), transforms: ["rotated"], origin });
  }

  #runs(source: ByteView, runs: DecodedRuns | undefined, transform: Transform, depth: number): void {
    if (runs === undefined) return;
    const { bytes, outStarts, sourceStarts, sourceEnds } = runs;
    const origin = (start: number, end: number): Range => {
      const first = lastAtMost(outStarts, start);
      const last = lastAtMost(outStarts, Math.max(start, end - 1));
      return source.origin(sourceStarts[first] as number, sourceEnds[last] as number);
    };
    this.#down({ bytes, transforms: [...source.transforms, transform], origin }, depth);
  }

  #code(source: ByteView, text: TextView, { start, end, bytes, transforms }: ShortCode, depth: number): void {
    const place = text.origin(start, end);
    this.#down({ bytes, transforms: [...source.transforms, ...transforms], origin: () => place }, depth);
  }

  #down(view: ByteView, depth: number): void {
    if (this.#budget.spend(view.bytes.length + VIEW_BYTES)) this.visit(view, depth + 1);
  }
}

/** What a view costs beside its bytes: many tiny ones must use the budget up, too. */
const VIEW_BYTES = 64;

function rotated(letter: string): string {
  const first = letter <= "Z" ? 65 : 97;
  return String.fromCharCode(((letter.charCodeAt(0) - first + 13) % 26) + first);
}

function textView({ bytes, transforms, origin }: ByteView): TextView {
  const text = Buffer.from(bytes).toString("utf8");
  if (isAscii(bytes)) return { text, transforms, origin };
  let places: Utf8Places | undefined;
  // An invalid byte reads as U+FFFD of three: never beyond the end.
  const placeOf = (unit: number): number => {
    places ??= new Utf8Places(text);
    return Math.min(places.at(unit), bytes.length);
  };
  return { text, transforms, origin: (start, end) => origin(placeOf(start), placeOf(end)) };
}
