import { fuzzer } from "../../fuzz/fuzzers/instructions.ts";
import { Random } from "../../test/attack/random.ts";
import { fewer } from "../../test/patience.ts";
import type { Attack } from "../attack.ts";

/** Some ten seconds; `npm run fuzz -- instructions` goes on for as long as one likes. */
const SEQUENCES = 20_000;

export const attack: Attack = {
  promise: 26,
  must: "Random instructions at hostile register values leave the machine working and the VMM's pages as they were.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 240_000,
  async run() {
    const close = await fuzzer.open?.();
    try {
      for (let seed = 0; seed < fewer(SEQUENCES); seed++) await fuzzer.check(fuzzer.make(new Random(seed)));
    } finally {
      await close?.();
    }
  },
};
