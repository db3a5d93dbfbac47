import type { Attack } from "../attack.ts";
import { assertEachRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "An ending that no run has is not given to the caller as one.",
  run: () =>
    assertEachRefused(
      [
        { kind: "won" },
        { kind: "exited", code: "rm -rf /" },
        { kind: "exited", code: 256 },
        { kind: "limit", limit: "constructor" },
        { kind: "error", code: "invalid-input", message: "the caller's fault" },
        { kind: "cancelled" },
      ].map((ending) => frame(honest({ ending }))),
      "cell-misbehaved",
    ),
};
