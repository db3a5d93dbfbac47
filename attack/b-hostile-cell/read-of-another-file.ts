import type { Attack } from "../attack.ts";
import { assertEachRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "What was read is the host's at that place of a mount: a cell cannot name another host file.",
  run: () =>
    assertEachRefused(
      [
        { path: "/usr/bin/env", hostPath: "/etc/shadow" },
        { path: "/etc/shadow" },
        { path: "/usr/../etc/shadow" },
        { path: "/tmp/x" },
        { path: "/proc/self/mem" },
      ].map((read) => frame(honest({ reads: [{ sizeBytes: 1, changedDuringRun: false, ...read }] }))),
      "cell-misbehaved",
    ),
};
