import type { Fuzzer } from "../../../fuzz/fuzzer.ts";

export const fuzzer: Fuzzer = {
  what: "a fault that shows as an exception",
  make: (random) => random.bytes(8),
  check: (input) => {
    if (input[0] === 7) throw new Error("planted");
  },
};
