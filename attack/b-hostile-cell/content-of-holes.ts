import type { Attack } from "../attack.ts";
import { assertRefused, change } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A file of eight terabytes of holes is more than the run may write, and is never filled in.",
  run: async () => {
    const sizes = [8 * 2 ** 40, 2 ** 32, 512 * 2 ** 20, 2 ** 53 - 1];
    for (const sizeBytes of sizes) await assertRefused([change({ sizeBytes, extents: [0, 5] })], "cell-misbehaved");
  },
};
