import assert from "node:assert/strict";
import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
cd /m; echo changed > linked; chmod 600 linked; ln linked again; echo more >> again; mv linked d; truncate -s 0 d/linked
for c in "ln /r/linked /m/x" "ln /r/linked /tmp/x" "ln /m/d/f /r/x" "mv /r/linked /m/y"; do $c 2>/dev/null; done
cat /r/linked
`;

export const attack: Attack = {
  promise: 21,
  must: "A file with another name outside the mount is not changed under that name.",
  needs: ["kvm"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    writeFileSync(join(stage.directory, "outside"), "outside");
    linkSync(join(stage.directory, "outside"), join(host, "linked"));
    await attackMounts(
      stage,
      [
        { kind: "overlay", host, guest: "/m" },
        { kind: "ro", host, guest: "/r" },
      ],
      async (sandbox) => {
        assert.equal(await sandbox.shell(PROGRAM), "outside");
      },
    );
  },
};
