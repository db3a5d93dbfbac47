import { isUtf8 } from "node:buffer";
import { ownMarks } from "./combining.ts";
import { HIDDEN, type HiddenKind, hiddenKind, hiddenLabel } from "./table.ts";
import { escapeBytes, escapedByte } from "./undecodable.ts";

export interface HiddenCharacter {
  readonly kind: HiddenKind;
  /** Of Unicode; for `not-utf8` the byte. */
  readonly codePoint: number;
  readonly label: string;
  /** How often it stands there in a row. */
  readonly count: number;
}

/** A stretch of a text that is seen for what it is, or neighbouring characters that are not. */
export type Segment =
  | { readonly text: string; readonly hidden?: never }
  | { readonly hidden: readonly HiddenCharacter[]; readonly text?: never };

/** Characters that the caller shows in its own way: nothing for a name, tabs for a line of code, line feeds too for a text. */
export type Kept = "nothing" | "tabs" | "lines";

const KEPT: Readonly<Record<Kept, string>> = { nothing: "", tabs: String.raw`\t`, lines: String.raw`\t\n` };

/**
 * Emoji that Unicode recommends for general interchange (UTS 51, RGI) are seen for what they are, with the joiners, selectors
 * and tags in them: each is one known picture, so nothing can be written with them that is not seen. Joiners elsewhere are
 * spelled out, also where a script uses them (Persian, Sinhala): there, too, two words may differ in nothing else.
 * The look ahead keeps the long list of emoji from being tried at every letter.
 */
export const EMOJI = String.raw`(?=\p{Emoji}[\ufe0f\u200d\p{Emoji_Modifier}\u{e0020}-\u{e007f}])\p{RGI_Emoji}`;

function patternFor(kept: Kept): RegExp {
  const hidden = `[${HIDDEN}]`;
  return new RegExp(`${EMOJI}|(?<hidden>[${hidden}--[${KEPT[kept]}]]+)|(?<marks>[\\p{M}--${hidden}]+)`, "gv");
}

/** Made when a text first needs one: the list of emoji takes the engine milliseconds, and many processes see ASCII only. */
const PATTERNS = new Map<Kept, RegExp>();

function patternOf(kept: Kept): RegExp {
  let pattern = PATTERNS.get(kept);
  if (pattern === undefined) {
    pattern = patternFor(kept);
    PATTERNS.set(kept, pattern);
  }
  return pattern;
}

/** Nearly all texts: nothing to look for. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** A text taken apart into what is seen and what is not. Linear in its length. */
export function visible(text: string, kept: Kept = "nothing"): readonly Segment[] {
  return segmentsOf(text, kept, false);
}

/** The same for bytes that should be UTF-8: those that are not are hidden characters of their own. */
export function visibleBytes(bytes: Uint8Array, kept: Kept = "nothing"): readonly Segment[] {
  return isUtf8(bytes)
    ? segmentsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"), kept, false)
    : segmentsOf(escapeBytes(bytes), kept, true);
}

/** Whether a reader of this text, shown as it is, would not see something. */
export function hidesSomething(text: string | Uint8Array, kept: Kept = "nothing"): boolean {
  const segments = typeof text === "string" ? visible(text, kept) : visibleBytes(text, kept);
  return segments.some(({ hidden }) => hidden?.some(({ kind }) => kind !== "notation"));
}

function segmentsOf(text: string, kept: Kept, isEscaped: boolean): readonly Segment[] {
  if (text === "") return [];
  if (PRINTABLE_ASCII.test(text)) return [{ text }];
  const segments = new Segments(text, isEscaped);
  for (const match of text.matchAll(patternOf(kept))) {
    const { hidden, marks } = match.groups as { readonly hidden?: string; readonly marks?: string };
    if (hidden !== undefined) segments.hide(match.index, hidden.length);
    else if (marks !== undefined) {
      // A mark below which nothing is seen would fall on whatever the painter wrote before it.
      const own = segments.hiddenUpTo === match.index ? 0 : ownMarks(baseBefore(text, match.index), marks);
      if (own < marks.length) segments.hide(match.index + own, marks.length - own, "combining");
    }
  }
  return segments.finish();
}

/** The code point that ends here; undefined at the beginning of a text or a line. */
function baseBefore(text: string, at: number): string | undefined {
  if (at === 0) return undefined;
  const isPair = at > 1 && (text.codePointAt(at - 2) as number) > 0xffff;
  const base = text.slice(isPair ? at - 2 : at - 1, at);
  return base === "\n" || base === "\t" ? undefined : base;
}

class Segments {
  readonly #text: string;
  readonly #isEscaped: boolean;
  readonly #list: Segment[] = [];
  /** The characters of the last segment, when those are hidden. */
  #hidden: HiddenCharacter[] = [];
  /** Up to here everything is in the list. */
  #done = 0;
  /** Where the last hidden stretch ended. */
  hiddenUpTo = 0;

  constructor(text: string, isEscaped: boolean) {
    this.#text = text;
    this.#isEscaped = isEscaped;
  }

  hide(at: number, length: number, kind?: HiddenKind): void {
    if (at !== this.hiddenUpTo || this.#list.length === 0) {
      this.#seen(at);
      this.#hidden = [];
      this.#list.push({ hidden: this.#hidden });
    }
    for (const run of countRuns(this.#text.slice(at, at + length), this.#isEscaped, kind)) this.#hidden.push(run);
    this.#done = at + length;
    this.hiddenUpTo = this.#done;
  }

  finish(): readonly Segment[] {
    this.#seen(this.#text.length);
    return this.#list;
  }

  #seen(to: number): void {
    if (to > this.#done) this.#list.push({ text: this.#text.slice(this.#done, to) });
    this.#done = to;
  }
}

function countRuns(characters: string, isEscaped: boolean, kind: HiddenKind | undefined): HiddenCharacter[] {
  const runs: { codePoint: number; kind: HiddenKind; label: string; count: number }[] = [];
  let previous = -1;
  for (const character of characters) {
    const point = character.codePointAt(0) as number;
    const last = runs.at(-1);
    if (point === previous && last !== undefined) last.count++;
    else runs.push({ ...described(point, isEscaped, kind), count: 1 });
    previous = point;
  }
  return runs;
}

type Described = Omit<HiddenCharacter, "count">;

function described(point: number, isEscaped: boolean, kind: HiddenKind | undefined): Described {
  const byte = isEscaped ? escapedByte(point) : undefined;
  if (byte !== undefined) return { kind: "not-utf8", codePoint: byte, label: hiddenLabel(-1, "not-utf8") };
  if (kind !== undefined) return { kind, codePoint: point, label: hiddenLabel(point, kind) };
  let known = DESCRIBED.get(point);
  if (known === undefined) {
    const found = hiddenKind(point) ?? "ignorable";
    known = { kind: found, codePoint: point, label: hiddenLabel(point, found) };
    if (DESCRIBED.size >= DESCRIBED_MAX) DESCRIBED.clear();
    DESCRIBED.set(point, known);
  }
  return known;
}

/** A hostile text has the same few characters many times, or many once; each lookup tries a dozen expressions. */
const DESCRIBED = new Map<number, Described>();
const DESCRIBED_MAX = 1024;
