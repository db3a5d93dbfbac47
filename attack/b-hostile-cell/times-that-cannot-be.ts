import type { Attack } from "../attack.ts";
import { assertEachRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A run did not begin before it was asked for, nor end after its reply.",
  run: () =>
    assertEachRefused(
      [
        { startedUs: 0 },
        { startedUs: 1e15 },
        { runMs: -1 },
        { runMs: 1e9 },
        { rollbackMs: 1e9 },
        { runMs: "1" },
        { runMs: null },
      ].map((times) => frame(honest(times))),
      "cell-misbehaved",
    ),
};
