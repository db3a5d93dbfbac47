import { isIgnorable } from "../../base/text/index.ts";

/**
 * Text as the differential compares it: compatibility forms, case, white space and invisible characters make no difference. Each unit
 * of the result knows the units of the original that it came from.
 */
export interface NormalisedText {
  readonly text: string;
  /** For each unit of `text`, where its origin starts and ends in the original, in UTF-16 units. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** What belongs to the character before it: normalised together with it. Conjoining jamo (Unicode 3.12) compose like marks. */
const EXTENDS = /^[\p{M}\u1160-\u11ff]$/u;
const SPACE = /^\s$/u;

export function normalise(original: string): NormalisedText {
  const writer = new Writer(original.length);
  let at = 0;
  while (at < original.length) {
    const unit = original.charCodeAt(at);
    const next = at + 1 < original.length ? original.charCodeAt(at + 1) : 0;
    // Two ASCII characters in a row: the first one stands for itself. This is nearly all text.
    if (unit < 0x80 && next < 0x80) {
      writer.addAscii(unit, at);
      at++;
      continue;
    }
    const end = clusterEnd(original, at);
    writer.add(original.slice(at, end), at, end);
    at = end;
  }
  return writer.finish();
}

function clusterEnd(text: string, start: number): number {
  let end = start + unitsAt(text, start);
  while (end < text.length) {
    const units = unitsAt(text, end);
    const character = text.slice(end, end + units);
    if (!EXTENDS.test(character) && !isIgnored(character)) break;
    end += units;
  }
  return end;
}

/** NUL separates texts that are searched together. */
function isIgnored(character: string): boolean {
  return character === "\0" || isIgnorable(character);
}

function unitsAt(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
}

class Writer {
  readonly #pieces: string[] = [];
  #starts: Uint32Array;
  #ends: Uint32Array;
  #length = 0;
  #spaced = true;

  constructor(expected: number) {
    this.#starts = new Uint32Array(expected + 16);
    this.#ends = new Uint32Array(expected + 16);
  }

  /** NUL is left out: it separates texts that are searched together, and must stand in none of them. */
  addAscii(unit: number, at: number): void {
    if (unit === 0) return;
    const isSpace = unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
    if (isSpace) this.#space(at, at + 1);
    else
      this.#put(
        unit >= 0x41 && unit <= 0x5a ? String.fromCharCode(unit + 0x20) : String.fromCharCode(unit),
        at,
        at + 1,
      );
  }

  /** One character with what extends it. NFKC once more after folding, which can undo it (Unicode 3.13, toNFKC_Casefold). */
  add(cluster: string, start: number, end: number): void {
    const visible = Array.from(cluster)
      .filter((character) => !isIgnored(character))
      .join("");
    for (const character of fold(fold(visible))) {
      if (SPACE.test(character)) this.#space(start, end);
      else if (!isIgnored(character)) this.#put(character, start, end);
    }
  }

  finish(): NormalisedText {
    if (this.#length > 0 && this.#spaced) {
      this.#pieces.pop();
      this.#length--;
    }
    const text = this.#pieces.join("");
    return { text, starts: this.#starts.slice(0, this.#length), ends: this.#ends.slice(0, this.#length) };
  }

  #space(start: number, end: number): void {
    if (this.#spaced) return;
    this.#put(" ", start, end);
    this.#spaced = true;
  }

  #put(character: string, start: number, end: number): void {
    this.#pieces.push(character);
    for (let unit = 0; unit < character.length; unit++) {
      if (this.#length === this.#starts.length) this.#grow();
      this.#starts[this.#length] = start;
      this.#ends[this.#length] = end;
      this.#length++;
    }
    this.#spaced = false;
  }

  /** One character may become eighteen (U+FDFA). */
  #grow(): void {
    const starts = new Uint32Array(this.#starts.length * 2);
    const ends = new Uint32Array(this.#ends.length * 2);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }
}

/** Upper and then lower case is full case folding for all but a few letters: ß and ẞ become ss, both sigmas one. */
function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("\u03c2", "\u03c3").normalize("NFKC");
}
