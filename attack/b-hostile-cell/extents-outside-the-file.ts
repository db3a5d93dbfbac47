import type { Attack } from "../attack.ts";
import { assertEachRefused, change } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "Extents that overlap, go backwards, or reach behind the end of the file are refused.",
  run: () =>
    assertEachRefused(
      [[0, 6], [3, 3, 0, 2], [0, 3, 2, 2], [-1, 5], [0], [5, 0], [0, 2 ** 32 + 5], [0, "5"], [4, 5]].map((extents) =>
        change({ extents }),
      ),
      "cell-misbehaved",
    ),
};
