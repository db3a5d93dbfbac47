import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Timers of a run do not go off in the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.setitimer(signal.ITIMER_REAL, 2.2, 2.2); signal.setitimer(signal.ITIMER_PROF, 2.0); t = ctypes.c_int(); syscall(222, 1, 0, ctypes.addressof(t))",
      look: "time.sleep(1); print(signal.getitimer(0), signal.getitimer(1), signal.getitimer(2), syscall(224, 0, 0))",
    }),
};
