import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "A file with a thousand names is handed out once, and another with a byte too many not at all.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `f = os.open('/tree/f', os.O_CREAT | os.O_RDWR); os.write(f, bytes(900_000))
for i in range(1000): os.link('/tree/f', f'/tree/{i}')
os.ftruncate(f, (1 << 20) + 1)`,
      limits: { overlayBytes: 1 << 20 },
      ends: "overlay",
    }),
};
