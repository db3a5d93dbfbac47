import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  prlimit: 302,
  setpriority: 141,
  setaffinity: 203,
  setscheduler: 144,
  setparam: 142,
  setattr: 314,
  ioprio: 251,
  setrlimit: 160,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over changes no limit, no priority and no processor set, of others or of itself.",
  needs: ["kvm"],
  run: (stage) => {
    const { parent, victim } = targetsOf(stage);
    return assertEachKilled(stage, {
      "limit the host process": [Call.prlimit, parent, 7, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0],
      "limit itself": [Call.prlimit, 0, 1, Array<number>(16).fill(255), 0],
      "read the limits of another": [Call.prlimit, victim, 7, 0, Array<number>(16).fill(0)],
      setrlimit: [Call.setrlimit, 1, Array<number>(16).fill(255)],
      setpriority: [Call.setpriority, 0, parent, 19],
      sched_setaffinity: [Call.setaffinity, victim, 8, [1, 0, 0, 0, 0, 0, 0, 0]],
      sched_setscheduler: [Call.setscheduler, 0, 1, [50, 0, 0, 0]],
      sched_setparam: [Call.setparam, victim, [0, 0, 0, 0]],
      sched_setattr: [Call.setattr, parent, Array<number>(56).fill(0), 0],
      ioprio_set: [Call.ioprio, 1, victim, 0x6007],
    });
  },
};
