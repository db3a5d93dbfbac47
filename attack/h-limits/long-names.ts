import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Names that are more than a result can carry end with a reason of their own.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `os.chdir('/tree')
for i in range(14): os.mkdir('p' * 255); os.chdir('p' * 255)
for i in range(12000): os.mknod(f'{i:0255}')`,
      limits: { memoryBytes: 128 << 20 },
      ends: "names",
    }),
};
