import type { Attack } from "../attack.ts";
import { assertNothingOutside } from "./paths-outside.helper.ts";

export const attack: Attack = {
  promise: 22,
  must: "Without Landlock, the root of its own keeps what is outside the mounts from a cell, names included.",
  needs: ["kvm"],
  run: (stage) => assertNothingOutside(stage, ["landlock"], "hidden"),
};
