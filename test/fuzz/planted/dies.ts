import type { Fuzzer } from "../../../fuzz/fuzzer.ts";

export const fuzzer: Fuzzer = {
  what: "a fault that ends the process",
  make: (random) => random.bytes(8),
  check: (input) => {
    if (input[0] === 7) process.kill(process.pid, "SIGKILL");
  },
};
