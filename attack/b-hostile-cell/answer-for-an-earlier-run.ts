import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A reply with the number of a run before is no reply to this one.",
  run: async () => {
    await assertRefused([frame(honest(), { idAhead: -1 })], "frame-malformed");
  },
};
