import { startsWith } from "./bytes.ts";

/** Prime of a multiplicative hash; any odd number with bits all over does. */
const FACTOR = 0x01000193;

/** A fixed set of short ASCII strings, looked up in bytes without making a string of what is usually not in it. */
export class KnownStrings {
  readonly #buckets = new Map<number, string[]>();

  constructor(strings: Iterable<string>) {
    for (const text of strings) {
      const bytes = new TextEncoder().encode(text);
      const hash = hashOf(bytes, 0, bytes.length);
      this.#buckets.set(hash, [...(this.#buckets.get(hash) ?? []), text]);
    }
  }

  /** The string that the bytes from `start` to `end` spell, when it is one of the set. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const bucket = this.#buckets.get(hashOf(bytes, start, end));
    return bucket?.find((text) => text.length === end - start && startsWith(bytes, start, text));
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FACTOR);
  return hash;
}
