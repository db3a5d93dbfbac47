import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Rounding and exception masks of a run are not the next one's.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: "m = ctypes.CDLL('libm.so.6'); m.fesetround(0xc00); m.feenableexcept(4)",
      look: "m = ctypes.CDLL('libm.so.6'); print(m.fegetround(), m.fegetexcept(), 1 / 3, 2.0 ** 0.5)",
    }),
};
