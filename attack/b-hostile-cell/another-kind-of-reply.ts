import type { Attack } from "../attack.ts";
import { assertEachRefused, frame } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "The reply to a load, a build or nothing at all is no result of a run.",
  run: () =>
    assertEachRefused(
      [{ type: "ready" }, { type: "built", kernel: {}, reads: ["/etc/shadow"] }, {}, { type: "cancel" }].map((header) =>
        frame(header),
      ),
      "cell-misbehaved",
    ),
};
