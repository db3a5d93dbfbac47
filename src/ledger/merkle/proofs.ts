import { ZtlError } from "../../errors.ts";
import { HASH_BYTES, type Hash, nodeHash, sameHash } from "./tree.ts";

/**
 * Inclusion and consistency proofs. Made as RFC 6962 sections 2.1.1 and 2.1.2 define them; checked by the algorithms of RFC 9162
 * sections 2.1.3.2 and 2.1.4.2, which need nothing but the proof and the roots.
 */

/** Leaf hashes of a whole tree, 32 bytes each, one after the other. */
export type LeafHashes = Uint8Array;

/** Siblings on the way from leaf `index` to the root of the first `size` leaves, lowest first. */
export function inclusionProof(
  leaves: LeafHashes,
  index: number,
  size: number,
  subtree: (from: number, to: number) => Hash = (from, to) => rootOf(leaves, from, to),
): Hash[] {
  expectRange(Number.isSafeInteger(index) && index >= 0 && index < size, `no leaf ${index} in a tree of ${size}`);
  expectSize(leaves, size);
  const path: Hash[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(subtree(middle, to));
      to = middle;
    } else {
      path.push(subtree(from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** The same for several leaves: what their ways have in common is hashed once. */
export function inclusionProofs(leaves: LeafHashes, indices: readonly number[], size: number): Hash[][] {
  const roots = new Map<string, Hash>();
  const remembered = (from: number, to: number): Hash => {
    if (to - from === 1) return rootOf(leaves, from, to);
    const key = `${from}-${to}`;
    let root = roots.get(key);
    if (root === undefined) {
      const middle = from + splitOf(to - from);
      root = nodeHash(remembered(from, middle), remembered(middle, to));
      roots.set(key, root);
    }
    return root;
  };
  return indices.map((index) => inclusionProof(leaves, index, size, remembered));
}

/** What shows that the first `oldSize` leaves are the beginning of the first `size` leaves. Empty for equal sizes and for 0. */
export function consistencyProof(leaves: LeafHashes, oldSize: number, size: number): Hash[] {
  expectRange(
    Number.isSafeInteger(oldSize) && oldSize >= 0 && oldSize <= size,
    `a tree of ${size} has no beginning of ${oldSize}`,
  );
  expectSize(leaves, size);
  if (oldSize === 0) return [];
  const path: Hash[] = [];
  let from = 0;
  let to = size;
  // True while the subtree looked at is the whole old tree: its root is known to the verifier and not sent.
  let whole = true;
  while (oldSize !== to) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      path.push(rootOf(leaves, middle, to));
      to = middle;
    } else {
      path.push(rootOf(leaves, from, middle));
      from = middle;
      whole = false;
    }
  }
  if (!whole) path.push(rootOf(leaves, from, to));
  return path.reverse();
}

/** Whether `leaf` is at `index` of the tree of `size` leaves with that root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(leaf: Hash, index: number, size: number, root: Hash, path: readonly Hash[]): boolean {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      // A node without a right sibling moves up unhashed until it is a right child itself.
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && sameHash(hash, root);
}

/** Whether the tree of `size` leaves begins with the tree of `oldSize` leaves (RFC 9162 section 2.1.4.2). */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Hash,
  size: number,
  root: Hash,
  path: readonly Hash[],
): boolean {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size) return false;
  if (oldSize === size) return path.length === 0 && sameHash(oldRoot, root);
  if (oldSize === 0) return path.length === 0;
  if (path.length === 0 || path.some((hash) => hash.length !== HASH_BYTES)) return false;
  // When the old tree is complete, its root is the first node and is not in the proof.
  const nodes = isPowerOfTwo(oldSize) ? [oldRoot, ...path] : path;
  let node = oldSize - 1;
  let last = size - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  let oldHash = nodes[0] as Hash;
  let newHash = oldHash;
  for (const sibling of nodes.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = half(last);
      }
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && sameHash(oldHash, oldRoot) && sameHash(newHash, root);
}

/** Root of the leaves from `from` to before `to`; at least one. */
function rootOf(leaves: LeafHashes, from: number, to: number): Hash {
  if (to - from === 1) return leaves.subarray(from * HASH_BYTES, to * HASH_BYTES);
  const middle = from + splitOf(to - from);
  return nodeHash(rootOf(leaves, from, middle), rootOf(leaves, middle, to));
}

/** The largest power of two below `count`: RFC 6962's k. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return splitOf(value * 2) === value;
}

function expectSize(leaves: LeafHashes, size: number): void {
  expectRange(leaves.length >= size * HASH_BYTES, `${leaves.length / HASH_BYTES} leaves are not a tree of ${size}`);
}

function expectRange(condition: boolean, message: string): void {
  if (!condition) throw new ZtlError("proof-range", `No such proof: ${message}`);
}
