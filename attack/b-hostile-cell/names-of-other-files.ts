import type { Attack } from "../attack.ts";
import { assertEachRefused, change } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A new file is neither a link to, nor renamed from, what lies outside its overlay.",
  run: () =>
    assertEachRefused(
      ["/etc/shadow", "/project/vendor/x", "/usr/bin/env", "/project/../etc/shadow", "/tmp/x"].flatMap((path) => [
        change({ linkOf: path }),
        change({ renamedFrom: path }),
      ]),
      "cell-misbehaved",
    ),
};
