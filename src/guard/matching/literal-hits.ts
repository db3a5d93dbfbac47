/** Of so many the list is kept, 8 MB; a text with more is looked at anew wherever it was copied to. */
const HITS_MAX = 1_000_000;

/** Ends of literals in one text, in ascending order, and which literal it is. */
export class LiteralHits {
  #literals = new Int32Array(256);
  #ends = new Int32Array(256);
  #count = 0;

  /** False when there are more than are kept. */
  get isWhole(): boolean {
    return this.#count <= HITS_MAX;
  }

  add(literal: number, end: number): void {
    if (this.#count >= HITS_MAX) {
      this.#count = HITS_MAX + 1;
      return;
    }
    if (this.#count === this.#ends.length) this.#grow();
    this.#literals[this.#count] = literal;
    this.#ends[this.#count++] = end;
  }

  /** Tells those that end from `first` to `last` once more, as if all stood `shift` bytes later; until `hit` gives false. */
  replay(first: number, last: number, shift: number, hit: (literal: number, end: number) => boolean): boolean {
    for (let index = this.#from(first); index < this.#count; index++) {
      const end = this.#ends[index] as number;
      if (end > last) break;
      if (!hit(this.#literals[index] as number, end + shift)) return false;
    }
    return true;
  }

  /** Index of the first that does not end before `end`. */
  #from(end: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) < end) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const [literals, ends] = [new Int32Array(this.#count * 2), new Int32Array(this.#count * 2)];
    literals.set(this.#literals);
    ends.set(this.#ends);
    this.#literals = literals;
    this.#ends = ends;
  }
}
