import { MappingsComparison } from "../../test/mappings/compare.ts";
import type { Fuzzer } from "../fuzzer.ts";

const STEPS = 120;
let comparison: MappingsComparison;

/** The input is the seed of the steps. */
export const fuzzer: Fuzzer = {
  what: "memory mappings, shared, private and of files, in the guest and natively",
  open: async () => {
    comparison = new MappingsComparison();
    return async () => comparison.remove();
  },
  make: (random) => random.bytes(4),
  check: (input) => comparison.check(Buffer.from(input).readUInt32LE(), STEPS),
};
