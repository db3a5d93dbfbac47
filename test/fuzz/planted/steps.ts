import type { Fuzzer } from "../../../fuzz/fuzzer.ts";

export const fuzzer: Fuzzer = {
  what: "a fault that takes two steps, one after the other",
  make: (random) => random.bytes(200),
  check: (input) => {
    const first = input.indexOf(7);
    if (first >= 0 && input.indexOf(9, first) >= 0) throw new Error("planted");
  },
  pieces: {
    split: (input) => Array.from(input, (byte) => Uint8Array.of(byte)),
    join: (pieces) => Buffer.concat(pieces),
  },
};
