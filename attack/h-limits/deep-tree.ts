import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Eight thousand directories in each other end with a reason of their own.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `os.chdir('/tree')
for i in range(8000): os.mkdir('d'); os.chdir('d')`,
      limits: { memoryBytes: 128 << 20 },
      ends: "names",
    }),
};
