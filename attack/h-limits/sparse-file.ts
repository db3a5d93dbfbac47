import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "A file of hundreds of megabytes without a byte in it counts with its size.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `os.truncate(os.open('/tree/f', os.O_CREAT | os.O_RDWR), 600 << 20)`,
      limits: { overlayBytes: 1 << 20 },
      ends: "overlay",
    }),
};
