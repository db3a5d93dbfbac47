import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import os
tries = ["/m/../beside", "/m/d/../../beside", "/m/./d/.././../beside", "/m//..//beside", "/m/d/f/../../../beside"]
fd = os.open("/m/d", os.O_RDONLY)
os.chdir("/m/d")
found = [path for path in tries if os.path.exists(path)]
for depth in range(1, 40):
    for dir_fd in (fd, None):
        try: found.append(os.open("../" * depth + "beside", os.O_RDONLY, dir_fd=dir_fd))
        except OSError: pass
os.fchdir(fd)
os.chdir("../../../../..")
print(found, os.getcwd(), os.stat("/").st_ino == os.stat("/..").st_ino)
`;

export const attack: Attack = {
  promise: 21,
  must: "No chain of .. leads out of a mount to what lies beside it on the host.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    writeFileSync(join(stage.directory, "beside"), stage.canaries.secret);
    await attackMounts(stage, [{ kind: "ro", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "[] / True\n");
    });
  },
};
