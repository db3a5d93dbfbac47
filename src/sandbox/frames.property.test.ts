import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ZtlError } from "../errors.ts";
import { encodeFrame, type Frame, FrameReader } from "./frames.ts";

const LIMITS = { headerBytes: 64 * 1024, bodyBytes: 64 * 1024 };

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

const anyFrame = fc.record({
  header: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
  body: fc.uint8Array({ maxLength: 2000 }),
});

test("any frames survive any cutting of the stream", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 700 })), (frames, cuts) => {
      const stream = join(frames.flatMap((frame) => encodeFrame(frame.header, [frame.body])));
      const reader = new FrameReader(LIMITS);
      const out: Frame[] = [];
      let position = 0;
      for (let i = 0; position < stream.length; i++) {
        const size = cuts.length === 0 ? stream.length : (cuts[i % cuts.length] ?? 1);
        out.push(...reader.push(stream.subarray(position, position + size)));
        position += size;
      }
      assert.ok(reader.atBoundary);
      const expected = frames.map((frame) => ({
        header: JSON.parse(JSON.stringify(frame.header)) as unknown,
        body: Buffer.from(frame.body),
      }));
      assert.deepEqual(
        out.map((frame) => ({ header: frame.header, body: Buffer.from(frame.body) })),
        expected,
      );
    }),
  );
});

test("random bytes never yield more than they contain, and only fail with frame-malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        for (const frame of new FrameReader(LIMITS).push(bytes)) assert.ok(frame.body.length < bytes.length);
      } catch (error) {
        assert.ok(ZtlError.isInstance(error) && error.code === "frame-malformed", String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("lengths over the limit are refused before the payload arrives", () => {
  for (const [headerBytes, bodyBytes] of [
    [LIMITS.headerBytes + 1, 0],
    [2, LIMITS.bodyBytes + 1],
    [0xffffffff, 0xffffffff],
    [0, 0],
  ] as const) {
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setUint32(0, headerBytes, true);
    new DataView(prefix.buffer).setUint32(4, bodyBytes, true);
    assert.throws(() => new FrameReader(LIMITS).push(prefix), { code: "frame-malformed" });
  }
});

test("a JSON part that is not an object is refused", () => {
  for (const json of ["[]", "null", "12", '"a"', "{]", "\xff\xff"]) {
    const bytes = Buffer.from(json, "latin1");
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32LE(bytes.length, 0);
    assert.throws(() => new FrameReader(LIMITS).push(Buffer.concat([prefix, bytes])), { code: "frame-malformed" });
  }
});
