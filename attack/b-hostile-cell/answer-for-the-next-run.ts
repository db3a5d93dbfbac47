import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "Two replies at once, the second numbered for the run to come, end the cell with the first.",
  quick: true,
  run: async () => {
    await assertRefused([frame(), frame(honest(), { idAhead: 1 })], "frame-malformed");
  },
};
