import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  ptrace: 101,
  readv: 310,
  writev: 311,
  kcmp: 312,
  madvise: 440,
  getfd: 438,
  open: 434,
  release: 448,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over traces no process, and reads and writes no memory but its own.",
  needs: ["kvm"],
  run: (stage) => {
    const { parent, victim } = targetsOf(stage);
    return assertEachKilled(stage, {
      "ptrace, attach": [Call.ptrace, 16, victim, 0, 0],
      "ptrace, seize": [Call.ptrace, 0x4206, parent, 0, 0],
      "ptrace, be traced": [Call.ptrace, 0, 0, 0, 0],
      process_vm_readv: [Call.readv, victim, Array<number>(16).fill(0), 1, Array<number>(16).fill(0), 1, 0],
      process_vm_writev: [Call.writev, parent, Array<number>(16).fill(0), 1, Array<number>(16).fill(0), 1, 0],
      process_madvise: [Call.madvise, 0, Array<number>(16).fill(0), 1, 21, 0],
      pidfd_open: [Call.open, victim, 0],
      pidfd_getfd: [Call.getfd, 0, 77, 0],
      kcmp: [Call.kcmp, parent, victim, 0, 0, 0],
      process_mrelease: [Call.release, 0, 0],
    });
  },
};
