import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Children whose number cannot be told are counted, or are not there.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `for i in range(3000):
  pid = syscall(56, 17 | 0x1000000, 0, 0, 0x10, 0)
  if pid == 0: time.sleep(99)
raise Exception(len(os.listdir('/proc')))`,
      limits: { processes: 16, memoryBytes: 512 << 20 },
      ends: "processes",
    }),
};
