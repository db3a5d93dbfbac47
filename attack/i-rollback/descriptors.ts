import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Descriptors of a run are not open in the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: "k = [os.dup(0) for i in range(50)] + list(os.pipe()); os.dup2(1, 77); os.close(0)",
      look: "print(sorted(os.listdir('/proc/self/fd')), [os.fstat(i).st_mode for i in (0, 1, 2)])",
    }),
};
