import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import os, stat
opened = []
for kind in (stat.S_IFBLK, stat.S_IFCHR):
    for major in (1, 4, 5, 7, 8, 10, 202, 252, 253, 254, 259):
        for minor in (0, 1, 2, 3, 232, 237):
            for directory in ("/m", "/tmp", "/dev/shm"):
                path = f"{directory}/node"
                try: os.mknod(path, kind | 0o666, os.makedev(major, minor))
                except OSError: continue
                for flags in (os.O_RDONLY, os.O_RDWR):
                    try:
                        fd = os.open(path, flags | os.O_NONBLOCK)
                        data = os.read(fd, 16)
                        if (major, minor) not in ((1, 3), (1, 5)): opened.append((kind, major, minor, data))
                    except OSError: pass
                os.unlink(path)
print(opened, sorted(set(os.listdir("/dev")) - {"fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}))
`;

export const attack: Attack = {
  promise: 21,
  must: "A device that a guest makes is no way to a device of the host.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "[] []\n");
    });
  },
};
