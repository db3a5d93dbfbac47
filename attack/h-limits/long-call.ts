import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "A call over 64 TiB ends when the CPU time is used up.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `a = lazy(1 << 46); v = lazy(1 << 34)
while True: syscall(27, a, 1 << 46, v)`,
      limits: { cpuMs: 1500, memoryBytes: 256 << 20 },
      ends: "cpu",
    }),
};
