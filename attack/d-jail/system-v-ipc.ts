import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { shmget: 29, shmat: 30, shmctl: 31, semget: 64, semop: 65, msgget: 68, msgsnd: 69, msgrcv: 70 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over has no memory, queue or semaphore of System V.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      shmget: [Call.shmget, 0x7a746c, 4096, 0o1666],
      shmat: [Call.shmat, 0, 0, 0],
      "shmctl, information": [Call.shmctl, 0, 14, Array<number>(256).fill(0)],
      semget: [Call.semget, 0x7a746c, 1, 0o1666],
      semop: [Call.semop, 0, [0, 0, 1, 0, 0, 0], 1],
      msgget: [Call.msgget, 0x7a746c, 0o1666],
      msgsnd: [Call.msgsnd, 0, Array<number>(16).fill(1), 1, 0],
      msgrcv: [Call.msgrcv, 0, Array<number>(16).fill(1), 1, 0, 0],
    }),
};
