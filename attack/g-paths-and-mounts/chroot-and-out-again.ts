import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import os
top = os.open("/", os.O_RDONLY)
before = sorted(os.listdir("/"))
os.makedirs("/m/jail", exist_ok=True)
try:
    os.chroot("/m/jail")
    for _ in range(50): os.chdir("..")
    os.fchdir(top)
    for _ in range(50): os.chdir("..")
    os.chroot(".")
except OSError: pass
os.fchdir(top)
print(sorted(os.listdir(".")) == before, os.path.exists("m/../beside"), os.path.exists("beside"))
`;

export const attack: Attack = {
  promise: 21,
  must: "A guest that changes its root and climbs out of it is still in the guest.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    writeFileSync(join(stage.directory, "beside"), stage.canaries.secret);
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "True False False\n");
    });
  },
};
