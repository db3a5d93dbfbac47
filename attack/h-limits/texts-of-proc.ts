import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Long texts of /proc that are kept open count.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `m = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(3000)]
while True: os.open('/proc/self/maps', 0)`,
      ends: "memory",
    }),
};
