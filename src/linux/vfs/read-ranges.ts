/** Ranges kept apart for one file; with more, what lies between is taken in. A result carries some 34 bytes for each. */
export const RANGES_MAX = 512;
/** Ranges are whole pages at first, and whole blocks of 16 times that whenever there would be too many of them. */
const PAGE_BYTES = 4096;
const COARSER = 16;

/** Which parts of a large file were read: in order, apart from each other, never fewer bytes than were read. */
export class ReadRanges {
  #granule = PAGE_BYTES;
  #starts: number[] = [];
  #ends: number[] = [];

  add(start: number, end: number): void {
    const from = start - (start % this.#granule);
    const to = Math.ceil(end / this.#granule) * this.#granule;
    // The first range that this one touches or lies before.
    const first = lowerBound(this.#ends, from);
    if (first < this.#starts.length && (this.#starts[first] as number) <= from && (this.#ends[first] as number) >= to)
      return;
    let last = first;
    while (last < this.#starts.length && (this.#starts[last] as number) <= to) last++;
    const isApart = first === last;
    this.#starts.splice(first, last - first, isApart ? from : Math.min(from, this.#starts[first] as number));
    this.#ends.splice(first, last - first, isApart ? to : Math.max(to, this.#ends[last - 1] as number));
    if (this.#starts.length > RANGES_MAX) this.#coarsen();
  }

  /** Offset and length of each range in turn, as far as a file of this size reaches. */
  parts(sizeBytes: number): number[] {
    return this.#starts.flatMap((start, i) => {
      const length = Math.min(this.#ends[i] as number, sizeBytes) - start;
      return length > 0 ? [start, length] : [];
    });
  }

  #coarsen(): void {
    const [starts, ends] = [this.#starts, this.#ends];
    this.#granule *= COARSER;
    this.#starts = [];
    this.#ends = [];
    starts.forEach((start, i) => this.add(start, ends[i] as number));
  }
}

/** Index of the first number that is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
