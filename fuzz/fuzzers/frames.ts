import assert from "node:assert/strict";
import { ZtlError } from "../../src/errors.ts";
import { FRAME_PREFIX_BYTES, NONCE_BYTES } from "../../src/sandbox/frames.ts";
import { ReplyReader } from "../../src/sandbox/reply-reader.ts";
import type { Fuzzer } from "../fuzzer.ts";

const LIMITS = { headerBytes: 4096, bodyBytes: 65_536, json: { depth: 4, containers: 100, values: 1000 } };
const NONCE = new Uint8Array(NONCE_BYTES);

/** Any bytes either are a reply that they really hold, or fail with one code. */
export const fuzzer: Fuzzer = {
  what: "the reader of a cell's frames, with any bytes",
  make: (random) => {
    const bytes = random.bytes(random.below(300));
    // A nonce, a number and lengths that may be right, or every input would end at the first of them.
    if (bytes.length >= FRAME_PREFIX_BYTES && random.below(8) > 0) {
      bytes.fill(0, 0, NONCE_BYTES);
      const lengths = [1, random.below(100), random.below(300)];
      for (const [index, value] of lengths.entries()) bytes.writeBigUInt64LE(BigInt(value), NONCE_BYTES + 8 * index);
      bytes.fill("{", FRAME_PREFIX_BYTES, Math.min(bytes.length, FRAME_PREFIX_BYTES + random.below(3)));
    }
    return bytes;
  },
  check: (input) => {
    const reader = new ReplyReader(NONCE);
    reader.expect(1, LIMITS);
    try {
      const frame = reader.push(input);
      if (frame !== undefined) assert.ok(frame.body.length < input.length);
    } catch (error) {
      assert.ok(ZtlError.isInstance(error) && error.code === "frame-malformed", String(error));
    }
  },
};
