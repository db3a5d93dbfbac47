import { ENTROPY_LIMITS } from "../limits.ts";
import { ContextTree } from "./context-tree.ts";

const SYMBOLS = 256;

/**
 * Prediction by partial matching (Cleary and Witten 1984; escapes by method D, Howard 1993): a symbol is as probable as it was after the
 * longest context of at most `order` bytes in which the text has been, and what was never seen there is looked for in shorter ones,
 * without the symbols that a longer one has ruled out. It learns as it reads. Memory is bounded: when the tree is full it is made anew
 * from the end of the text, so that the model follows what is written now.
 *
 * What it says is how unlike a text is to the one before it, in bits; not whether it is true, good or dangerous.
 */
export class TextModel {
  readonly #order: number;
  readonly #tree: ContextTree;
  readonly #window: Uint8Array;
  #read = 0;
  /** The nodes of the contexts now, longest first; the last is the root. */
  #contexts: number[];
  readonly #excluded = new Uint8Array(SYMBOLS);

  constructor({
    order = ENTROPY_LIMITS.textOrder,
    nodesMax = ENTROPY_LIMITS.textNodes,
  }: { readonly order?: number; readonly nodesMax?: number } = {}) {
    this.#order = order;
    this.#tree = new ContextTree(nodesMax);
    // A symbol adds at most one node for each context, so that the end of the text fits into an empty tree twice.
    this.#window = new Uint8Array(Math.max(1, Math.floor(nodesMax / (2 * (order + 1)))));
    this.#contexts = [this.#tree.root];
  }

  /** Nodes there are room for, and those in use. */
  get size(): { readonly nodes: number; readonly nodesMax: number } {
    return { nodes: this.#tree.size, nodesMax: this.#tree.nodesMax };
  }

  /** Bits of surprise of a text after all that came before it, and how many characters (code points) it has. */
  read(text: string): TextSurprise {
    const bytes = Buffer.from(text, "utf8");
    let bits = 0;
    for (const byte of bytes) bits += this.readByte(byte);
    return { bits, characters: charactersOf(bytes) };
  }

  /** Bits of surprise of one byte, which is learnt. */
  readByte(byte: number): number {
    const { bits, found } = this.#cost(byte);
    this.#learn(byte, found);
    this.#window[this.#read % this.#window.length] = byte;
    this.#read++;
    if (this.#tree.size + this.#order + 1 >= this.#tree.nodesMax) this.#startOver();
    return bits;
  }

  /** The probability of each byte now; they add up to one. Learns nothing. */
  distribution(): Float64Array {
    return Float64Array.from({ length: SYMBOLS }, (_, byte) => 2 ** -this.#cost(byte).bits);
  }

  /** Down to the longest context that knows the symbol: its place in `#contexts`, or beyond the last when none does. */
  #cost(symbol: number): { readonly bits: number; readonly found: number } {
    this.#excluded.fill(0);
    let excluded = 0;
    let bits = 0;
    for (const [place, context] of this.#contexts.entries()) {
      let total = 0;
      let distinct = 0;
      let own = 0;
      this.#tree.each(context, (one, count) => {
        if (this.#excluded[one] === 1) return;
        total += count;
        distinct++;
        if (one === symbol) own = count;
      });
      if (distinct === 0) continue;
      // With all symbols there, nothing is left to escape to.
      const isComplete = excluded + distinct === SYMBOLS;
      if (own > 0)
        return { bits: bits - Math.log2(isComplete ? own / total : (2 * own - 1) / (2 * total)), found: place };
      bits -= Math.log2(distinct / (2 * total));
      this.#tree.each(context, (one) => {
        if (this.#excluded[one] === 1) return;
        this.#excluded[one] = 1;
        excluded++;
      });
    }
    return { bits: bits + Math.log2(SYMBOLS - excluded), found: this.#contexts.length };
  }

  /** Counted where it was found, and added to each longer context: shorter ones learn only what the longer could not say. */
  #learn(symbol: number, found: number): void {
    const next: number[] = [];
    for (const [place, context] of this.#contexts.entries()) {
      const known = this.#tree.find(context, symbol);
      const node = known ?? this.#tree.add(context, symbol);
      if (node === undefined) break;
      if (known !== undefined && place === found) this.#tree.count(context, node);
      next.push(node);
    }
    next.push(this.#tree.root);
    this.#contexts = next.slice(-(this.#order + 1));
  }

  #startOver(): void {
    const kept = Math.min(this.#read, this.#window.length);
    const bytes = Uint8Array.from(
      { length: kept },
      (_, index) => this.#window[(this.#read - kept + index) % this.#window.length] as number,
    );
    this.#tree.clear();
    this.#contexts = [this.#tree.root];
    for (const byte of bytes) this.#learn(byte, this.#cost(byte).found);
  }
}

export interface TextSurprise {
  readonly bits: number;
  readonly characters: number;
}

/** Bytes that begin a character (RFC 3629, section 3). */
function charactersOf(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}
