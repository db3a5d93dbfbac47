import assert from "node:assert/strict";
import { test } from "node:test";
import { consistencyProof, inclusionProof, inclusionProofs, verifyConsistency, verifyInclusion } from "./proofs.ts";
import { EMPTY_ROOT, Frontier, type Hash, leafHash, nodeHash } from "./tree.ts";

/** Leaves and roots of Certificate Transparency's own test suite for RFC 6962. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const hexOf = (hash: Uint8Array): string => Buffer.from(hash).toString("hex");

function tree(size: number): { leaves: Uint8Array; hashes: Hash[]; roots: Hash[] } {
  const frontier = new Frontier();
  const hashes: Hash[] = [];
  const roots = [frontier.root()];
  for (let i = 0; i < size; i++) {
    const hash = leafHash(Buffer.from(`leaf ${i}`));
    hashes.push(hash);
    frontier.append(hash);
    roots.push(frontier.root());
  }
  return { leaves: Buffer.concat(hashes), hashes, roots };
}

/** RFC 6962 section 2.1, word for word: slow, and independent of the frontier. */
function definition(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return EMPTY_ROOT;
  if (hashes.length === 1) return hashes[0] as Hash;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(definition(hashes.slice(0, k)), definition(hashes.slice(k)));
}

test("known answers for RFC 6962 tree hashes", () => {
  assert.equal(hexOf(EMPTY_ROOT), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const frontier = new Frontier();
  LEAVES.forEach((leaf, i) => {
    frontier.append(leafHash(Buffer.from(leaf, "hex")));
    assert.equal(hexOf(frontier.root()), ROOTS[i], `size ${i + 1}`);
  });
});

test("the proofs of the example in RFC 6962 section 2.1.3", () => {
  const { leaves, hashes } = tree(7);
  const [a, b, c, d, e, f, j] = hashes as [Hash, Hash, Hash, Hash, Hash, Hash, Hash];
  const [g, h, i] = [nodeHash(a, b), nodeHash(c, d), nodeHash(e, f)];
  const [k, l] = [nodeHash(g, h), nodeHash(i, j)];
  const same = (found: readonly Hash[], expected: readonly Hash[]): void =>
    assert.deepEqual(found.map(hexOf), expected.map(hexOf));
  same(inclusionProof(leaves, 0, 7), [b, h, l]);
  same(inclusionProof(leaves, 3, 7), [c, g, l]);
  same(inclusionProof(leaves, 4, 7), [f, j, k]);
  same(inclusionProof(leaves, 6, 7), [i, k]);
  same(consistencyProof(leaves, 3, 7), [c, d, g, l]);
  same(consistencyProof(leaves, 4, 7), [l]);
  same(consistencyProof(leaves, 6, 7), [i, j, k]);
});

test("all proofs of all sizes up to 64 hold, and only for their own leaf, size and root", () => {
  const { leaves, hashes, roots } = tree(64);
  for (let size = 1; size <= 64; size++) {
    const root = roots[size] as Hash;
    assert.equal(hexOf(root), hexOf(definition(hashes.slice(0, size))));
    for (let index = 0; index < size; index++) {
      const path = inclusionProof(leaves, index, size);
      const leaf = hashes[index] as Hash;
      assert.ok(verifyInclusion(leaf, index, size, root, path));
      const other = (index + 1) % size;
      if (other !== index) assert.ok(!verifyInclusion(leaf, other, size, root, path));
      assert.ok(!verifyInclusion(leaf, index, size, roots[size - 1] as Hash, path));
      assert.ok(!verifyInclusion(leaf, index, size, root, [...path, leaf]));
      if (path.length > 0) assert.ok(!verifyInclusion(leaf, index, size, root, path.slice(1)));
    }
    for (let old = 0; old <= size; old++) {
      const path = consistencyProof(leaves, old, size);
      const oldRoot = roots[old] as Hash;
      assert.ok(verifyConsistency(old, oldRoot, size, root, path), `${old} of ${size}`);
      if (old === 0) continue;
      assert.ok(!verifyConsistency(old, leafHash(oldRoot), size, root, path));
      assert.ok(!verifyConsistency(old, oldRoot, size, leafHash(root), path));
      if (old < size) assert.ok(!verifyConsistency(old, oldRoot, size, root, path.slice(0, -1)));
      assert.ok(!verifyConsistency(old, oldRoot, size, root, [...path, root]));
    }
  }
});

test("random proofs in trees of up to 5,000 leaves", () => {
  const { leaves, hashes, roots } = tree(5000);
  for (let i = 0; i < 150; i++) {
    const size = 1 + Math.floor(Math.random() * 5000);
    const index = Math.floor(Math.random() * size);
    const old = Math.floor(Math.random() * (size + 1));
    const root = roots[size] as Hash;
    const what = `index ${index}, old ${old}, size ${size}`;
    assert.ok(verifyInclusion(hashes[index] as Hash, index, size, root, inclusionProof(leaves, index, size)), what);
    const path = consistencyProof(leaves, old, size);
    assert.ok(verifyConsistency(old, roots[old] as Hash, size, root, path), what);
    if (path.length === 0) continue;
    const changed = path.map((hash) => Buffer.from(hash));
    const victim = changed[Math.floor(Math.random() * changed.length)] as Buffer;
    victim[i % 32] = (victim[i % 32] as number) ^ (1 << (i % 8));
    assert.ok(!verifyConsistency(old, roots[old] as Hash, size, root, changed), `changed, ${what}`);
  }
});

test("a frontier goes on from its encoded form", () => {
  const { hashes, roots } = tree(200);
  for (const size of [0, 1, 2, 3, 127, 128, 199]) {
    const frontier = new Frontier();
    for (const hash of hashes.slice(0, size)) frontier.append(hash);
    const again = Frontier.decode(size, frontier.encode());
    assert.ok(again !== undefined);
    for (const hash of hashes.slice(size)) again.append(hash);
    assert.equal(hexOf(again.root()), hexOf(roots[200] as Hash));
    assert.equal(Frontier.decode(size, Buffer.alloc(frontier.encode().length + 32)), undefined);
  }
});

test("impossible proofs are refused", () => {
  const { leaves, hashes, roots } = tree(4);
  for (const [index, size] of [
    [4, 4],
    [-1, 4],
    [0.5, 4],
    [0, 5],
    [0, 0],
  ] as const) {
    assert.throws(() => inclusionProof(leaves, index, size), { code: "proof-range" });
    assert.ok(!verifyInclusion(hashes[0] as Hash, index, size === 5 ? Number.NaN : size, roots[4] as Hash, []));
  }
  assert.throws(() => consistencyProof(leaves, 5, 4), { code: "proof-range" });
  assert.ok(!verifyConsistency(5, roots[4] as Hash, 4, roots[4] as Hash, []));
  assert.ok(!verifyConsistency(2, roots[2] as Hash, 4, roots[4] as Hash, [Buffer.alloc(31)]));
});

test("proofs of several leaves are those of each", () => {
  for (const size of [1, 2, 3, 7, 8, 13, 64, 100]) {
    const leaves = Buffer.concat(Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i)))));
    const indices = [...new Set([0, 1, size >> 1, size - 1])].filter((index) => index < size);
    assert.deepEqual(
      inclusionProofs(leaves, indices, size),
      indices.map((index) => inclusionProof(leaves, index, size)),
    );
  }
});
