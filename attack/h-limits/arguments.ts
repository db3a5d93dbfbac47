import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Arguments of programs count.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `a = ['x' * 100_000] * 15
while True:
  if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '99'] + a)`,
      limits: { processes: 200 },
      ends: "memory",
    }),
};
