import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Files of one byte count with what holds them.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `i = 0
while True: i += 1; open(f'/tmp/{i}', 'w').write('x')`,
      ends: "memory",
    }),
};
