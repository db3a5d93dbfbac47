import type { Attack } from "../attack.ts";
import { assertEachRefused, change } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A change outside the overlays, or on the way out of one, is no change of this run.",
  run: () =>
    assertEachRefused(
      [
        "/../../etc/cron.d/x",
        "/etc/cron.d/x",
        "/project/../etc/cron.d/x",
        "/project/./a",
        "/project//a",
        "/projects/a",
        "/project/vendor/a",
        "/tmp/a",
        "/project/a\0b",
        "project/a",
        `/project/${"n".repeat(256)}`,
      ].map((path) => change({ path })),
      "cell-misbehaved",
    ),
};
