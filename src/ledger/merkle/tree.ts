import { sha256 } from "../../base/sha256.ts";
import { invariant } from "../../errors.ts";

/** Merkle tree hashing of RFC 6962 section 2.1: leaves and nodes are hashed with different prefixes. */

export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export type Hash = Uint8Array;

export function leafHash(data: Uint8Array): Hash {
  return sha256(LEAF, data);
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return sha256(NODE, left, right);
}

/** Hash of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array(0));

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * The right edge of a growing tree: the roots of its complete subtrees, largest first (as many as `size` has binary ones).
 * It is all that is needed to append and to know the root, so a ledger of any length opens in constant time.
 */
export class Frontier {
  #size: number;
  readonly #peaks: Hash[];

  constructor(size = 0, peaks: readonly Hash[] = []) {
    invariant(peaks.length === onesIn(size), "a frontier has one peak for each binary one of its size");
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Hash): void {
    let hash = leaf;
    // Each trailing one of the old size is a complete subtree of the same height: they merge.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) hash = nodeHash(this.#peaks.pop() as Hash, hash);
    this.#peaks.push(hash);
    this.#size++;
  }

  root(): Hash {
    if (this.#peaks.length === 0) return EMPTY_ROOT;
    return this.#peaks.reduceRight((right, left) => nodeHash(left, right));
  }

  /** The peaks one after the other, 32 bytes each. */
  encode(): Uint8Array {
    return Buffer.concat(this.#peaks);
  }

  /** Undefined when the bytes cannot be the peaks of a tree of that size. */
  static decode(size: number, bytes: Uint8Array): Frontier | undefined {
    if (bytes.length !== onesIn(size) * HASH_BYTES) return undefined;
    const peaks = Array.from({ length: onesIn(size) }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
    return new Frontier(size, peaks);
  }

  copy(): Frontier {
    return new Frontier(this.#size, this.#peaks);
  }
}

/** Binary ones of a size; sizes may exceed 32 bits, so without bit operators. */
function onesIn(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
