import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RANGES_MAX, ReadRanges } from "./read-ranges.ts";

const range = fc
  .tuple(fc.nat(2_000_000), fc.integer({ min: 1, max: 50_000 }))
  .map(([start, length]) => ({ start, end: start + length }));

function covers(parts: readonly number[], start: number, end: number): boolean {
  for (let i = 0; i < parts.length; i += 2) {
    const [from = 0, length = 0] = parts.slice(i, i + 2);
    if (from <= start && end <= from + length) return true;
  }
  return false;
}

test("what was read is in the parts, whole pages at most around it, in order and apart", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60 }), fc.nat(2_500_000), (reads, sizeBytes) => {
      const ranges = new ReadRanges();
      const pages = new Set<number>();
      for (const { start, end } of reads) {
        ranges.add(start, end);
        for (let page = Math.floor(start / 4096); page * 4096 < end; page++) pages.add(page);
      }
      const parts = ranges.parts(sizeBytes);
      let [at, seen] = [-1, 0];
      for (let i = 0; i < parts.length; i += 2) {
        const [from = 0, length = 0] = parts.slice(i, i + 2);
        assert.ok(from > at && length > 0 && from % 4096 === 0 && from + length <= sizeBytes);
        at = from + length;
        for (let page = from / 4096; page * 4096 < from + length; page++) assert.ok(pages.has(page));
        seen += Math.ceil(length / 4096);
      }
      assert.equal(seen, [...pages].filter((page) => page * 4096 < sizeBytes).length);
    }),
  );
});

test("scattered reads are few ranges, and all covered", () => {
  const ranges = new ReadRanges();
  const sizeBytes = 40 * 2 ** 30;
  const positions = Array.from({ length: 20_000 }, (_, i) => (i * 7_919_999_983) % sizeBytes);
  for (const position of positions) ranges.add(position, position + 1);
  const parts = ranges.parts(sizeBytes);
  assert.ok(parts.length <= 2 * RANGES_MAX);
  for (const position of positions) assert.ok(covers(parts, position, position + 1));
});

test("the order of reads does not matter", () => {
  const [forwards, backwards] = [new ReadRanges(), new ReadRanges()];
  const starts = Array.from({ length: 2000 }, (_, i) => i * 12_288);
  for (const start of starts) forwards.add(start, start + 10);
  for (const start of starts.reverse()) backwards.add(start, start + 10);
  assert.deepEqual(forwards.parts(2 ** 40), backwards.parts(2 ** 40));
});
