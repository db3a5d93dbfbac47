import type { Attack } from "../attack.ts";
import { assertEachRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "Lengths of output that are negative, broken or more than the body do not reach into what is not theirs.",
  run: () =>
    assertEachRefused(
      [
        { stdoutBytes: -5, stderrBytes: 10 },
        { stdoutBytes: 10, stderrBytes: -5 },
        { stdoutBytes: 2.5, stderrBytes: 2.5 },
        { stdoutBytes: 4, stderrBytes: 2 },
        { stdoutBytes: 4, stderrBytes: 0 },
        { stdoutBytes: "5", stderrBytes: 0 },
      ].map((lengths) => frame(honest(lengths), { bodyBase64: "aGVsbG8=" })),
      "cell-misbehaved",
    ),
};
