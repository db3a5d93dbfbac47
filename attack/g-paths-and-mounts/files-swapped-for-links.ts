import { symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { readWhileSwapped } from "./swapping.helper.ts";

export const attack: Attack = {
  promise: 21,
  must: "A file that the host swaps for a link to elsewhere while runs read it shows nothing of elsewhere.",
  needs: ["kvm"],
  run: (stage) =>
    readWhileSwapped(stage, (host) => {
      unlinkSync(join(host, "d", "secret.txt"));
      symlinkSync(stage.canaries.secretFile, join(host, "d", "secret.txt"));
      unlinkSync(join(host, "d", "secret.txt"));
      writeFileSync(join(host, "d", "secret.txt"), "inside");
    }),
};
