import { MappingsComparison } from "../../test/mappings/compare.ts";
import type { Fuzzer } from "../fuzzer.ts";

const STEPS = 240;
/** What a step's random numbers begin with, and the seed of what comes before the steps: each 64 bits. */
const PIECE_BYTES = 8;
let comparison: MappingsComparison;

/** The input is the seed of the files' sizes, and what the random numbers of each step begin with. */
export const fuzzer: Fuzzer = {
  what: "memory mappings, shared, private and of files, in the guest and natively",
  open: async () => {
    comparison = new MappingsComparison();
    return async () => comparison.remove();
  },
  make: (random) => random.bytes((1 + STEPS) * PIECE_BYTES),
  check: (input) => {
    const numbers = split(input).map((piece) => Buffer.from(piece).readBigUInt64LE());
    const [seed = 0n, ...beginnings] = numbers;
    comparison.checkSteps(Number(seed & 0xffff_ffffn), beginnings);
  },
  pieces: { split, join: (pieces) => Buffer.concat(pieces) },
};

function split(input: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at + PIECE_BYTES <= input.length; at += PIECE_BYTES)
    pieces.push(input.subarray(at, at + PIECE_BYTES));
  return pieces;
}
