import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  madvise: 28,
  mincore: 27,
  userfaultfd: 323,
  mlock: 149,
  mlockall: 151,
  movePages: 279,
  migrate: 256,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over gives the kernel no advice about memory that would reach beyond its own, and handles none of its page faults.",
  needs: ["kvm"],
  run: (stage) => {
    const { victim } = targetsOf(stage);
    return assertEachKilled(stage, {
      MADV_HWPOISON: [Call.madvise, 0, 4096, 100],
      MADV_SOFT_OFFLINE: [Call.madvise, 0, 4096, 101],
      MADV_MERGEABLE: [Call.madvise, 0, 4096, 12],
      MADV_PAGEOUT: [Call.madvise, 0, 4096, 21],
      MADV_REMOVE: [Call.madvise, 0, 4096, 9],
      "what others have in memory (mincore)": [Call.mincore, 0, 4096, [0, 0, 0, 0, 0, 0, 0, 0]],
      userfaultfd: [Call.userfaultfd, 1],
      mlock: [Call.mlock, 0, 4096],
      mlockall: [Call.mlockall, 7],
      move_pages: [Call.movePages, victim, 0, 0, 0, 0, 0],
      migrate_pages: [Call.migrate, victim, 8, 0, 0],
    });
  },
};
