import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "A file that is open counts though its names are gone.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `while True:
  f = os.open('/tmp/f', os.O_CREAT | os.O_RDWR); os.unlink('/tmp/f'); os.write(f, bytes(1 << 20))`,
      ends: "memory",
    }),
};
