import type { Attack } from "../attack.ts";
import { assertRefused, frame } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A cell that fails cannot make it look cancelled, out of time, closed or the caller's mistake.",
  run: async () => {
    for (const code of ["invalid-input", "invariant", "cancelled", "wall-limit", "closed", "queue-full", "Not a code"])
      await assertRefused([frame({ type: "failed", code, message: "x" })], "cell-failed");
  },
};
