import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Files of memfd_create are the run's memory.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `while True: os.write(os.memfd_create('x'), bytes(1 << 20))`,
      ends: "memory",
    }),
};
