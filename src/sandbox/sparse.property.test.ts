import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { extentBytes, fromSparse, toSparse } from "./sparse.ts";

const ofBytes = (bytes: Uint8Array) => toSparse(bytes.length, (at, length) => [bytes.subarray(at, at + length)]);

test("any content comes back as it was, and its data is no more than the content", () => {
  const piece = fc.record({
    zeros: fc.integer({ min: 0, max: 300_000 }),
    bytes: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.nat({ max: 200_000 }), (pieces, tail) => {
      const content = Buffer.concat([
        ...pieces.flatMap(({ zeros, bytes }) => [Buffer.alloc(zeros), bytes]),
        Buffer.alloc(tail),
      ]);
      const { sizeBytes, extents, data } = ofBytes(content);
      const sent = Buffer.concat(data);
      assert.equal(sent.length, extentBytes(extents));
      assert.ok(sent.length <= content.length);
      assert.ok(content.equals(fromSparse(sizeBytes, extents, sent)));
    }),
  );
});

test("a hole costs nothing, however large it is", () => {
  const bytes = new Uint8Array(16);
  let asked = 0;
  const { extents, data } = toSparse(8 * 2 ** 30, (position, length) => {
    asked++;
    return [position === 0 ? bytes.subarray(0, 1).fill(1) : new Uint8Array(Math.min(length, 1))];
  });
  assert.ok(asked <= 1024);
  assert.equal(extents.length, 2);
  assert.equal(data.length, 1);
});

test("a pattern of holes makes no more than a thousand extents", () => {
  const content = Buffer.alloc(300 * 1024 * 1024);
  for (let at = 0; at < content.length; at += 128 * 1024) content[at] = 1;
  const { extents, data } = ofBytes(content);
  assert.ok(extents.length / 2 <= 1024, String(extents.length / 2));
  assert.ok(content.equals(fromSparse(content.length, extents, Buffer.concat(data))));
});
