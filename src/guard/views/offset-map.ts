import type { Decoding } from "../finding.ts";

/** The decodings a folded view can apply, by the number stored for each edit. 0 is plain text going on. */
export const EDIT_KINDS = [
  "invalid-utf8",
  "overlong-utf8",
  "control-character",
  "terminal-sequence",
  "invisible",
  "compatibility",
  "confusable",
  "html-entity",
  "percent",
  "escape",
] as const satisfies readonly Decoding[];
export type EditKind = (typeof EDIT_KINDS)[number];

const PLAIN = 0;
/** Edits in a block of `kinds`; a power of two. */
const BLOCK = 64;

/**
 * Where each byte of a decoded text stood in its source, as segments: from `out` on, byte for byte from `source` on.
 * Only edits cost memory; looking up is a binary search, done for findings alone.
 */
export class OffsetMap {
  #out = new Int32Array(64);
  #source = new Int32Array(64);
  #kind = new Uint8Array(64);
  #count = 0;
  #blocks: Uint16Array | undefined;
  /** The segment that was looked up last: findings come in ascending order, so that the next is often the same or near. */
  #found = -1;

  get edits(): number {
    return this.#count;
  }

  /** `sourceLength` bytes at `source` became `outLength` bytes at `out`. Calls come in ascending order. */
  edit(kind: number, out: number, outLength: number, source: number, sourceLength: number): void {
    if (this.#count > 0 && this.#kind[this.#count - 1] === PLAIN && this.#out[this.#count - 1] === out) this.#count--;
    if (outLength > 0) this.#push(out, source, kind);
    this.#push(out + outLength, source + sourceLength, outLength > 0 ? PLAIN : kind);
  }

  /** Source offset of the byte at `out`. */
  start(out: number): number {
    const index = this.#lastAtOrBefore(out);
    return index < 0 ? out : (this.#source[index] as number) + out - (this.#out[index] as number);
  }

  /** Source offset just after the byte before `out`: the end of a span. */
  end(out: number): number {
    let index = this.#lastAtOrBefore(out - 1) + 1;
    if (index < this.#count && this.#out[index] === out) return this.#source[index] as number;
    index--;
    return index < 0 ? out : (this.#source[index] as number) + out - (this.#out[index] as number);
  }

  /** The decodings that made the text from `from` to `to`, each once, in order. Blocks with nothing new are skipped. */
  kinds(from: number, to: number): Decoding[] {
    const blocks = this.#kindsOfBlocks();
    const kinds: Decoding[] = [];
    let seen = 1 << PLAIN;
    for (let index = this.#lastAtOrBefore(from - 1) + 1; index < this.#count; ) {
      if ((this.#out[index] as number) > to) break;
      const inBlock = index & (BLOCK - 1);
      if (inBlock === 0 && ((blocks[index / BLOCK] as number) & ~seen) === 0) {
        index += BLOCK;
        continue;
      }
      const kind = this.#kind[index++] as number;
      if ((seen & (1 << kind)) !== 0) continue;
      seen |= 1 << kind;
      kinds.push(EDIT_KINDS[kind - 1] as EditKind);
    }
    return kinds;
  }

  touches(from: number, to: number): boolean {
    const next = this.#lastAtOrBefore(from - 1) + 1;
    return next < this.#count && (this.#out[next] as number) <= to;
  }

  /** For each block of edits, the kinds in it as bits; made when they are first asked for, after the last edit. */
  #kindsOfBlocks(): Uint16Array {
    if (this.#blocks !== undefined) return this.#blocks;
    const blocks = new Uint16Array(Math.ceil(this.#count / BLOCK));
    for (let index = 0; index < this.#count; index++) {
      const block = Math.floor(index / BLOCK);
      blocks[block] = (blocks[block] as number) | (1 << (this.#kind[index] as number));
    }
    this.#blocks = blocks;
    return blocks;
  }

  #push(out: number, source: number, kind: number): void {
    if (this.#count === this.#out.length) this.#grow();
    this.#out[this.#count] = out;
    this.#source[this.#count] = source;
    this.#kind[this.#count++] = kind;
  }

  #grow(): void {
    const capacity = this.#out.length * 2;
    const grown = <T extends Int32Array | Uint8Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#out = grown(new Int32Array(capacity), this.#out);
    this.#source = grown(new Int32Array(capacity), this.#source);
    this.#kind = grown(new Uint8Array(capacity), this.#kind);
  }

  #lastAtOrBefore(out: number): number {
    if (this.#isLastAtOrBefore(this.#found, out)) return this.#found;
    if (this.#isLastAtOrBefore(this.#found + 1, out)) return ++this.#found;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#out[middle] as number) <= out) low = middle + 1;
      else high = middle;
    }
    this.#found = low - 1;
    return low - 1;
  }

  #isLastAtOrBefore(index: number, out: number): boolean {
    const isNotAfter = index < 0 || (index < this.#count && (this.#out[index] as number) <= out);
    return isNotAfter && (index + 1 >= this.#count || (this.#out[index + 1] as number) > out);
  }
}

/** Numbers for `OffsetMap.edit`. */
export const EDIT = Object.freeze(
  Object.fromEntries(EDIT_KINDS.map((kind, index) => [kind, index + 1])) as Record<EditKind, number>,
);
