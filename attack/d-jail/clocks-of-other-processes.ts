import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { getTime: 228, getResolution: 229, sleep: 230 } as const;
/** The clock of a process's (2) or a thread's (6) processor time (linux/posix-timers.h: MAKE_PROCESS_CPUCLOCK). */
const clockOf = (pid: number, kind: 2 | 6): number => (~pid << 3) | kind;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over reads no clock of another process, by which it would know what that one does.",
  needs: ["kvm"],
  run: (stage) => {
    const { parent, victim } = targetsOf(stage);
    const time = Array<number>(16).fill(0);
    return assertEachKilled(stage, {
      "the host process's time": [Call.getTime, clockOf(parent, 2), time],
      "its thread's": [Call.getTime, clockOf(parent, 6), time],
      "another's": [Call.getTime, clockOf(victim, 2), time],
      "whether there is such a process": [Call.getResolution, clockOf(victim, 2), time],
      "a clock of a descriptor": [Call.getTime, (~3 << 3) | 3, time],
      "waiting until it has worked": [Call.sleep, clockOf(parent, 2), 0, time, 0],
    });
  },
};
