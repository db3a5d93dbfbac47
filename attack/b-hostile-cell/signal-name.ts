import type { Attack } from "../attack.ts";
import { assertEachRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A signal has its own name, and none with which a terminal can be steered.",
  run: () =>
    assertEachRefused(
      [
        { kind: "signaled", signal: "\u001b]0;owned\u0007", number: 9 },
        { kind: "signaled", signal: "SIGTERM", number: 9 },
        { kind: "signaled", signal: "SIGRTMIN+-34", number: 0 },
      ].map((ending) => frame(honest({ ending }))),
      "cell-misbehaved",
    ),
};
