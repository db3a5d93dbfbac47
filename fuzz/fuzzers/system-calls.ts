import { staticElf } from "../../test/attack/elf.ts";
import { Target } from "../../test/attack/harness.ts";
import { hostileCall, hostileData, hostileProgram } from "../../test/attack/hostile-calls.ts";
import { type Fuzzer, Random } from "../fuzzer.ts";

const CALLS = 150;
/** Short: a program whose calls blocked its interrupting timer only waits. */
const LIMITS = { wallMs: 400, cpuMs: 400, processes: 8, memoryBytes: 64 << 20, overlayBytes: 4 << 20 };

let target: Target;

/** The input is the seed of the calls: the program made of them is long, and says no more. */
export const fuzzer: Fuzzer = {
  what: "the personality, with random system calls and hostile arguments from a guest",
  open: async () => {
    target = await Target.open();
    return () => target[Symbol.asyncDispose]();
  },
  make: (random) => random.bytes(4),
  check: async (input) => {
    const random = new Random(Buffer.from(input).readUInt32LE());
    const calls = Array.from({ length: CALLS }, () => hostileCall(random));
    const program = target.program(staticElf(hostileProgram(calls), hostileData(random)));
    const result = await target.run({ tool: "exec", program, limits: LIMITS });
    target.assertContained(result, "random system calls");
  },
};
