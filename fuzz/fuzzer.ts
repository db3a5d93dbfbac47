import type { Random } from "../test/attack/random.ts";

export { Random } from "../test/attack/random.ts";

/**
 * One thing that is fed with hostile input. Each file of fuzz/fuzzers/ exports one as `fuzzer`; its name is the file's.
 * An input is a string of bytes, so that one that was found can be kept and tried again; a fuzzer whose inputs have parts
 * writes them as JSON.
 */
export interface Fuzzer {
  /** What is fed with what, in one line. */
  readonly what: string;
  /** Before the first input; returns what undoes it. */
  readonly open?: () => Promise<() => Promise<void>>;
  /** An input, made from these random numbers and nothing else. */
  readonly make: (random: Random) => Uint8Array;
  /** Feeds it. Throws when what must hold does not; never returning and ending the process are finds too. */
  readonly check: (input: Uint8Array) => void | Promise<void>;
  /** For inputs that are rows of pieces, any of which can be left out: how a find becomes small enough to be understood. */
  readonly pieces?: {
    readonly split: (input: Uint8Array) => readonly Uint8Array[];
    readonly join: (pieces: readonly Uint8Array[]) => Uint8Array;
  };
}
