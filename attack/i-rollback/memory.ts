import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 20,
  must: "No page of a run's memory is seen by the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: `m = [mmap.mmap(-1, 1 << 20) for i in range(40)]
for one in m: one.write(b'SECRET-OF-A-RUN!' * (1 << 16))`,
      look: `m = [mmap.mmap(-1, 1 << 20) for i in range(100)]
print(sum(one[:].count(b'SECRET-OF') for one in m))`,
    }),
};
