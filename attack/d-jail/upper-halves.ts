import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { mmap: 9, mprotect: 10, mremap: 25, prlimit: 302 } as const;
/** What a filter that looks at 32 bits only does not see. */
const UPPER = 2 ** 32;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over hides nothing from the filter in the upper half of an argument.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "a limit at an address with 32 zeros": [Call.prlimit, 0, 1, UPPER, 0],
      "mmap, protection": [Call.mmap, 0, 4096, UPPER + 3, 0x22, -1, 0],
      "mmap, flags": [Call.mmap, 0, 4096, 3, UPPER + 0x22, -1, 0],
      "mprotect, protection": [Call.mprotect, 0, 0, UPPER + 7],
      "mprotect, growing down": [Call.mprotect, 0, 0, 0x0100_0003],
      "mremap, flags": [Call.mremap, 0, 4096, 4096, UPPER + 1, 0],
    }),
};
