import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import os
found = []
for mount in ("/m", "/w"):
    for name in ("absolute", "relative", "directory/secret.txt", "directory/link"):
        try: found.append(open(f"{mount}/{name}").read())
        except OSError: pass
    try: open(f"{mount}/absolute", "r+")
    except OSError: pass
print(found, os.listdir("/m/root/m/d"))
`;

export const attack: Attack = {
  promise: 21,
  must: "A symbolic link in a mounted directory leads where it does in the guest, never to the host.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    symlinkSync(stage.canaries.secretFile, join(host, "absolute"));
    symlinkSync(`../../${"../".repeat(20)}${stage.canaries.secretFile}`, join(host, "relative"));
    symlinkSync(stage.canaries.directory, join(host, "directory"));
    symlinkSync("/proc/self/root", join(host, "root"));
    await attackMounts(
      stage,
      [
        { kind: "ro", host, guest: "/m" },
        { kind: "overlay", host, guest: "/w" },
      ],
      async (sandbox) => {
        assert.equal(await sandbox.python(PROGRAM), "[] ['f']\n");
      },
    );
  },
};
