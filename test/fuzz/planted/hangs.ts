import type { Fuzzer } from "../../../fuzz/fuzzer.ts";

export const fuzzer: Fuzzer = {
  what: "a fault that never ends",
  make: (random) => random.bytes(8),
  check: (input) => {
    while (input[0] === 7);
  },
};
