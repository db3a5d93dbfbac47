/** Prime of a multiplicative hash; any odd number with bits all over does. */
const FACTOR = 0x01000193;

/** A fixed set of short ASCII strings, looked up in bytes without making a string of what is usually not in it. */
export class KnownStrings {
  readonly longest: number;
  readonly #strings: readonly Uint8Array[];
  readonly #buckets = new Map<number, number[]>();

  constructor(strings: readonly string[]) {
    this.#strings = strings.map((text) => new Uint8Array(new TextEncoder().encode(text)));
    this.longest = Math.max(0, ...this.#strings.map(({ length }) => length));
    this.#strings.forEach((bytes, index) => {
      const hash = hashOf(bytes, 0, bytes.length);
      this.#buckets.set(hash, [...(this.#buckets.get(hash) ?? []), index]);
    });
  }

  /** The place in the set of the string that the bytes from `start` to `end` spell, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > this.longest) return -1;
    for (const index of this.#buckets.get(hashOf(bytes, start, end)) ?? [])
      if (spells(bytes, start, end, this.#strings[index] as Uint8Array)) return index;
    return -1;
  }
}

function spells(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false;
  for (let index = 0; index < expected.length; index++) if (bytes[start + index] !== expected[index]) return false;
  return true;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FACTOR);
  return hash;
}
