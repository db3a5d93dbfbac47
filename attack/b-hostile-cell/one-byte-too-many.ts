import type { Attack } from "../attack.ts";
import { assertRefused, frame } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A single byte behind the reply ends the cell, and the run says so.",
  quick: true,
  run: async () => {
    await assertRefused([frame(), { do: "bytes", base64: "AA==" }], "frame-malformed");
  },
};
