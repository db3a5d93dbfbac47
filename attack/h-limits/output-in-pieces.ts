import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Output in small pieces costs no more than its bytes.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `while True: syscall(20, 1, ctypes.addressof(pieces), 1024)`,
      limits: { outputBytes: 16 << 20 },
      ends: "output",
    }),
};
