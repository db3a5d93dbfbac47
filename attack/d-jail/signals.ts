import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { kill: 62, tkill: 200, tgkill: 234, queue: 129, queueThread: 297, pidfd: 424 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over signals nobody, and does not even stop itself.",
  needs: ["kvm"],
  run: (stage) => {
    const { parent, victim } = targetsOf(stage);
    return assertEachKilled(stage, {
      "kill the host process": [Call.kill, parent, 9],
      "kill everybody": [Call.kill, -1, 9],
      "stop its group": [Call.kill, 0, 19],
      "stop itself": [Call.tgkill, 1, 1, 19],
      tkill: [Call.tkill, victim, 15],
      "abort another": [Call.tgkill, victim, victim, 6],
      rt_sigqueueinfo: [Call.queue, victim, 10, Array<number>(128).fill(0)],
      rt_tgsigqueueinfo: [Call.queueThread, parent, parent, 10, Array<number>(128).fill(0)],
      pidfd_send_signal: [Call.pidfd, 0, 9, 0, 0],
    });
  },
};
