import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Random numbers of a run are not those of the next, and its seeds are not kept.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: "import random; random.seed(7); libc.srand(7); globals()['random_of_the_run'] = random.random()",
      look: `import random; state = {os.urandom(8) for i in range(100)} | {random.random() for i in range(100)}
random.seed(1); print(len(state), random.random(), 'random_of_the_run' in globals())`,
    }),
};
