import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Mappings count in each process that has them.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `m = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(9000)]
while True:
  if os.fork() == 0: time.sleep(99)`,
      limits: { processes: 200 },
      ends: "memory",
    }),
};
