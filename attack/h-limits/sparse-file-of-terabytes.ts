import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "A file of 4 GiB and more wraps no length, and ends the run with its limit.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `f = os.open('/tree/f', os.O_CREAT | os.O_RDWR); os.pwrite(f, b'forged', (1 << 32) + 5)`,
      ends: "overlay",
    }),
};
