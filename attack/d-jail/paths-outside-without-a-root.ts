import type { Attack } from "../attack.ts";
import { assertNothingOutside } from "./paths-outside.helper.ts";

export const attack: Attack = {
  promise: 22,
  must: "Without a root of its own, Landlock keeps a cell from reading anything outside its mounts, memory of processes included.",
  needs: ["kvm", "landlock"],
  run: (stage) => assertNothingOutside(stage, ["mount", "pid"], "told"),
};
