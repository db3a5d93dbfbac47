import { randomInt } from "node:crypto";

/** A stretch that stands in both texts, in UTF-16 units; `payload.slice(payloadStart, payloadStart + length)`. */
export interface SharedSpan {
  readonly payloadStart: number;
  readonly targetStart: number;
  readonly length: number;
}

/** A prime below 2^31, so that sums of two residues stay exact and products are split below. */
const PRIME = 2_147_483_629;

/**
 * Finds where pieces of one text turn up in others. The index holds each stretch of `minimum` units once, under a rolling hash
 * (Karp and Rabin) whose base is chosen at random, so that no text can be made to collide; each hit is compared unit by unit.
 *
 * Every unit of a target that lies in a stretch of at least `minimum` units which also stands in the payload is covered by a
 * span. Expected time is linear in both texts, for a fixed minimum.
 */
export class SpanFinder {
  readonly #payload: string;
  readonly #minimum: number;
  readonly #base = randomInt(65_537, PRIME - 1);
  /** base^(minimum - 1), to take the oldest unit out of the hash. */
  readonly #highest: number;
  readonly #mask: number;
  /** Start of a stretch plus one, by hash; open addressing. Zero is empty. */
  readonly #slots: Uint32Array;

  constructor(payload: string, minimum: number) {
    this.#payload = payload;
    this.#minimum = minimum;
    let highest = 1;
    for (let i = 1; i < minimum; i++) highest = multiply(highest, this.#base);
    this.#highest = highest;
    const stretches = Math.max(0, payload.length - minimum + 1);
    // At most half full, so that searches stay short.
    let size = 16;
    while (size < stretches * 2) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Uint32Array(size);
    this.#roll(payload, (hash, start) => {
      this.#insert(hash, start);
      return start + 1;
    });
  }

  /** Spans in the order of the target; they may overlap. At most `limit`. */
  find(target: string, limit: number): SharedSpan[] {
    const spans: SharedSpan[] = [];
    this.#roll(target, (hash, start) => {
      if (spans.length >= limit) return target.length;
      const found = this.#lookup(hash, target, start);
      if (found === undefined) return start + 1;
      let length = this.#minimum;
      while (
        start + length < target.length &&
        found + length < this.#payload.length &&
        target.charCodeAt(start + length) === this.#payload.charCodeAt(found + length)
      ) {
        length++;
      }
      spans.push({ payloadStart: found, targetStart: start, length });
      // Stretches that lie inside this span are no news.
      return start + length - this.#minimum + 1;
    });
    return spans;
  }

  /** Calls `visit` with the hash of the stretch at each start; it answers with the next start it wants. */
  #roll(text: string, visit: (hash: number, start: number) => number): void {
    const minimum = this.#minimum;
    if (text.length < minimum) return;
    let hash = 0;
    for (let i = 0; i < minimum; i++) hash = this.#append(hash, text.charCodeAt(i));
    let wanted = 0;
    for (let start = 0; ; start++) {
      if (start >= wanted) wanted = visit(hash, start);
      const next = start + minimum;
      if (next >= text.length) return;
      const oldest = multiply(text.charCodeAt(start), this.#highest);
      hash = this.#append((hash - oldest + PRIME) % PRIME, text.charCodeAt(next));
    }
  }

  #append(hash: number, unit: number): number {
    return (multiply(hash, this.#base) + unit) % PRIME;
  }

  #insert(hash: number, start: number): void {
    for (let slot = this.#slotOf(hash); ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot] as number;
      if (taken === 0) {
        this.#slots[slot] = start + 1;
        return;
      }
      // The first place of a stretch is enough: what repeats is the same text.
      if (this.#same(this.#payload, start, taken - 1)) return;
    }
  }

  #lookup(hash: number, target: string, start: number): number | undefined {
    for (let slot = this.#slotOf(hash); ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot] as number;
      if (taken === 0) return undefined;
      if (this.#same(target, start, taken - 1)) return taken - 1;
    }
  }

  /** Whether the stretch of `text` at `start` is the payload's at `place`. */
  #same(text: string, start: number, place: number): boolean {
    for (let i = 0; i < this.#minimum; i++) {
      if (text.charCodeAt(start + i) !== this.#payload.charCodeAt(place + i)) return false;
    }
    return true;
  }

  /** Spreads the hash over the table: neighbours in the table are compared in turn, so they must not be related. */
  #slotOf(hash: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (mixed ^ (mixed >>> 13)) & this.#mask;
  }
}

/** a * b mod PRIME for a, b < 2^31, in exact arithmetic: the product is split so that no part exceeds 2^53. */
function multiply(a: number, b: number): number {
  const high = Math.floor(a / 65_536);
  const low = a % 65_536;
  return (((high * b) % PRIME) * 65_536 + low * b) % PRIME;
}
