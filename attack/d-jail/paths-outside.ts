import type { Attack } from "../attack.ts";
import { assertNothingOutside } from "./paths-outside.helper.ts";

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over opens nothing outside its mounts, and learns of no name there.",
  needs: ["kvm"],
  run: (stage) => assertNothingOutside(stage, [], "hidden"),
};
