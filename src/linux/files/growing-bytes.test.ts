import assert from "node:assert/strict";
import { test } from "node:test";
import { GrowingBytes } from "./growing-bytes.ts";

/** Around the smallest piece and its doublings, and more than the largest. */
const LENGTHS = [0, 1, 1023, 1024, 1025, 2048, 3071, 3072, 3073, 100_000, 1024 * 1024, 2 * 1024 * 1024 + 1];

const pattern = (length: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 251));

test("whatever is appended in whatever pieces is taken in one, and stays as it was", () => {
  for (const first of LENGTHS) {
    const bytes = new GrowingBytes();
    const parts = [first, 1, 5, 1024, first].map(pattern);
    for (const part of parts.slice(0, 3)) bytes.append(part);
    const early = bytes.take();
    assert.deepEqual(early, Buffer.concat(parts.slice(0, 3)));
    for (const part of parts.slice(3)) bytes.append(part);
    assert.deepEqual(bytes.take(), Buffer.concat(parts));
    assert.deepEqual(bytes.take(), Buffer.concat(parts));
    assert.deepEqual(early, Buffer.concat(parts.slice(0, 3)));
  }
});

test("it keeps a copy: the source may change afterwards", () => {
  const bytes = new GrowingBytes();
  const source = pattern(2000, 1);
  bytes.append(source);
  source.fill(0);
  assert.deepEqual(bytes.take(), pattern(2000, 1));
});

test("a short output takes no memory outside of Node's pool, none takes nothing", () => {
  const outputs = Array.from({ length: 1000 }, () => new GrowingBytes());
  const before = process.memoryUsage().arrayBuffers;
  for (const bytes of outputs) assert.equal(bytes.take().length, 0);
  for (const bytes of outputs) bytes.append(pattern(10, 0));
  const pools = new Set(outputs.map((bytes) => bytes.take().buffer));
  assert.ok(pools.size < outputs.length / 4, `${pools.size} array buffers for ${outputs.length} short outputs`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * outputs.length * 1024);
});
