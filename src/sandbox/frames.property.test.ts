import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ZtlError } from "../errors.ts";
import { encodeFrame, FRAME_PREFIX_BYTES, type Frame, NONCE_BYTES } from "./frames.ts";
import { type LongFrame, type ReplyLimits, ReplyReader } from "./reply-reader.ts";

const LIMITS: ReplyLimits = {
  headerBytes: 64 * 1024,
  bodyBytes: 64 * 1024,
  json: { depth: 64, containers: 10_000, values: 10_000 },
};
const NONCE = Buffer.from("0123456789abcdef");

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

function waiting(id = 1, limits: ReplyLimits = LIMITS): ReplyReader {
  const reader = new ReplyReader(NONCE);
  reader.expect(id, limits);
  return reader;
}

function prefix(id: bigint, headerBytes: bigint, bodyBytes: bigint, nonce = NONCE): Buffer {
  const bytes = Buffer.alloc(FRAME_PREFIX_BYTES);
  nonce.copy(bytes);
  for (const [index, value] of [id, headerBytes, bodyBytes].entries())
    bytes.writeBigUInt64LE(value, NONCE_BYTES + 8 * index);
  return bytes;
}

/** Of a short JSON part, which is all there is here. */
function whole(frame: Frame | LongFrame | undefined): Frame | undefined {
  return frame !== undefined && "json" in frame ? assert.fail("a short part was left unread") : frame;
}

const anyFrame = fc.record({
  header: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
  body: fc.uint8Array({ maxLength: 2000 }),
});

test("any replies, one after the other, survive any cutting of the stream", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 700 })), (frames, cuts) => {
      const reader = new ReplyReader(NONCE);
      for (const [id, { header, body }] of frames.entries()) {
        const stream = join(encodeFrame({ nonce: NONCE, id }, header, [body]));
        reader.expect(id, LIMITS);
        let found: Frame | undefined;
        let position = 0;
        for (let i = 0; position < stream.length; i++) {
          assert.equal(found, undefined);
          const size = cuts.length === 0 ? stream.length : (cuts[i % cuts.length] ?? 1);
          found = whole(reader.push(stream.subarray(position, position + size)));
          position += size;
        }
        assert.deepEqual(found?.header, JSON.parse(JSON.stringify(header)));
        assert.ok(Buffer.from(body).equals(found?.body ?? Buffer.of(1)));
      }
    }),
  );
});

test("random bytes never yield more than they contain, and only fail with frame-malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isOurs) => {
      if (isOurs) bytes.set(NONCE.subarray(0, bytes.length));
      try {
        const frame = waiting().push(bytes);
        assert.ok((frame?.body.length ?? 0) < Math.max(1, bytes.length));
      } catch (error) {
        assert.ok(ZtlError.isInstance(error) && error.code === "frame-malformed", String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("lengths over the limit are refused before the payload arrives, also those that wrap 32 or 64 bits", () => {
  for (const [headerBytes, bodyBytes] of [
    [BigInt(LIMITS.headerBytes) + 1n, 0n],
    [2n, BigInt(LIMITS.bodyBytes) + 1n],
    [2n, 2n ** 32n + 2n],
    [2n ** 32n + 2n, 0n],
    [2n, 2n ** 53n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [0n, 0n],
  ] as const) {
    assert.throws(() => waiting().push(prefix(1n, headerBytes, bodyBytes)), { code: "frame-malformed" });
  }
});

test("contents of four gigabytes have the length they have", () => {
  const gigabyte = new Uint8Array(2 ** 30);
  const [head] = encodeFrame({ nonce: NONCE, id: 1 }, {}, [gigabyte, gigabyte, gigabyte, gigabyte, new Uint8Array(5)]);
  assert.equal(Buffer.from(head ?? []).readBigUInt64LE(NONCE_BYTES + 16), 4n * 2n ** 30n + 5n);
});

test("what is only announced costs nothing", () => {
  const limits = { ...LIMITS, bodyBytes: 8 * 2 ** 30 };
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 50 }, () => {
    const reader = waiting(1, limits);
    reader.push(join([prefix(1n, 2n, 8n * 2n ** 30n), Buffer.from("{}"), new Uint8Array(1000)]));
    return reader;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < readers.length * 256 * 1024);
});

const frameOf = (id: number, nonce = NONCE): Uint8Array => join(encodeFrame({ nonce, id }, { type: "ready" }));

for (const [what, bytes] of [
  ["another request's number", frameOf(2)],
  ["an earlier request's number", frameOf(0)],
  ["another nonce", frameOf(1, Buffer.from("0123456789abcdeF"))],
  ["a second reply", join([frameOf(1), frameOf(1)])],
  ["one byte too many", join([frameOf(1), Buffer.of(0)])],
] as const) {
  test(`a reply with ${what} is refused`, () => {
    assert.throws(() => waiting().push(bytes), { code: "frame-malformed" });
  });
}

test("a reply that nobody asked for is refused, at the start and after the one that was", () => {
  assert.throws(() => new ReplyReader(NONCE).push(frameOf(0)), { code: "frame-malformed" });
  const reader = waiting();
  assert.ok(reader.push(frameOf(1)));
  assert.throws(() => reader.push(frameOf(1)), { code: "frame-malformed" });
});

test("a JSON part that is not an object is refused", () => {
  for (const json of ["[]", "null", "12", '"a"', "{]", "\xff\xff"]) {
    const bytes = Buffer.from(json, "latin1");
    assert.throws(() => waiting().push(join([prefix(1n, BigInt(bytes.length), 0n), bytes])), {
      code: "frame-malformed",
    });
  }
});

test("a JSON part that would grow in memory is refused before it is parsed", () => {
  const limits = { ...LIMITS, json: { depth: 4, containers: 100, values: 300 } };
  const texts = [
    `{"a":${"[".repeat(1000)}`,
    `{"a":[${"[],".repeat(200)}[]]}`,
    `{"a":[${"1,".repeat(400)}1]}`,
    `{"a":"\\\\",${Array.from({ length: 400 }, (_, index) => `"${index}":1`).join()}}`,
  ];
  for (const text of texts) {
    const bytes = Buffer.from(text);
    assert.throws(() => waiting(1, limits).push(join([prefix(1n, BigInt(bytes.length), 0n), bytes])), {
      code: "frame-malformed",
      message: /too (deep|many)/,
    });
  }
  const harmless = Buffer.from(JSON.stringify({ text: '[[[["{{{{,,,,\\"'.repeat(200) }));
  assert.ok(waiting(1, limits).push(join([prefix(1n, BigInt(harmless.length), 0n), harmless])));
});
