import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Files of a run are not there in the next, in memory or in a mount.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: "for d in ('/tmp', '/dev/shm', '/tree'): open(f'{d}/trace', 'w').write('x')",
      look: "print([os.listdir(d) for d in ('/tmp', '/dev/shm', '/tree')])",
    }),
};
