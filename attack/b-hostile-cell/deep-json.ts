import type { Attack } from "../attack.ts";
import { assertRefused, frame } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A JSON part that is nested a million deep is refused before it is parsed.",
  run: async () => {
    for (const open of ["[", '{"a":'])
      await assertRefused([frame({}, { headerText: `{"reads":${open.repeat(1_000_000)}` })], "frame-malformed");
  },
};
