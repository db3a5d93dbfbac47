import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest, type Step } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A reply that comes a byte at a time and never ends costs its run the time limit, and nothing else.",
  run: async () => {
    const drop: Step[] = [
      { do: "bytes", base64: "QQ==" },
      { do: "wait", ms: 50 },
    ];
    const steps = [frame(honest(), { bodyBytes: "1000" }), ...Array.from({ length: 400 }, () => drop).flat()];
    await assertRefused(steps, "wall-limit");
  },
};
