import type { Attack } from "../attack.ts";
import { assertRefused } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A cell that neither answers nor ends costs its run the time limit; the pool goes on.",
  run: async () => {
    await assertRefused([{ do: "wait", ms: 3_600_000 }], "wall-limit");
  },
};
