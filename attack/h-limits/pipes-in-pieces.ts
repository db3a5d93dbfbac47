import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Pipes filled in small pieces cost no more than their bytes.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `while True:
  r, w = os.pipe(); os.set_blocking(w, False)
  while syscall(20, w, ctypes.addressof(pieces), 1024) > 0: pass`,
      ends: "memory",
    }),
};
