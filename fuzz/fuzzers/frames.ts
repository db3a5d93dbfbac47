import assert from "node:assert/strict";
import { ZtlError } from "../../src/errors.ts";
import { FrameReader } from "../../src/sandbox/frames.ts";
import type { Fuzzer } from "../fuzzer.ts";

const LIMITS = { headerBytes: 4096, bodyBytes: 65_536 };

/** Any bytes either are frames that they really hold, or fail with one code. */
export const fuzzer: Fuzzer = {
  what: "the reader of a cell's frames, with any bytes",
  make: (random) => {
    const bytes = random.bytes(random.below(300));
    // Lengths that may be right, or every input would end at the first of them.
    if (bytes.length >= 8 && random.below(4) > 0) {
      bytes.writeUInt32LE(random.below(300), 0);
      bytes.writeUInt32LE(random.below(300), 4);
    }
    return bytes;
  },
  check: (input) => {
    try {
      for (const frame of new FrameReader(LIMITS).push(input)) assert.ok(frame.body.length < input.length);
    } catch (error) {
      assert.ok(ZtlError.isInstance(error) && error.code === "frame-malformed", String(error));
    }
  },
};
