import { renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { readWhileSwapped } from "./swapping.helper.ts";

export const attack: Attack = {
  promise: 21,
  must: "A directory that the host swaps for a link to elsewhere while runs read it shows nothing of elsewhere.",
  needs: ["kvm"],
  run: (stage) =>
    readWhileSwapped(stage, (host) => {
      renameSync(join(host, "d"), join(host, "away"));
      symlinkSync(stage.canaries.directory, join(host, "d"));
      unlinkSync(join(host, "d"));
      renameSync(join(host, "away"), join(host, "d"));
    }),
};
