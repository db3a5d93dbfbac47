import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import mmap, os, shutil
os.chdir("/m")
fd = os.open("f0", os.O_RDWR)
shared = mmap.mmap(fd, 0)
shared[:] = b"X" * len(shared)
os.truncate("f1", 5), os.truncate("f2", 1 << 20)
os.posix_fallocate(os.open("f3", os.O_RDWR), 0, 1 << 20)
os.chmod("f4", 0), os.chown("f5", 0, 0), os.utime("f6", (1, 1))
os.rename("f7", "f8"), os.replace("d", "e"), os.symlink("/etc", "l"), os.link("f9", "h"), os.unlink("f10")
open("f11", "r+b").write(b"over"), open("f12", "ab").write(b"more"), open("f13", "wb").close()
os.sendfile(os.open("f14", os.O_RDWR), fd, 0, 100)
os.copy_file_range(fd, os.open("f15", os.O_RDWR), 100)
shutil.rmtree("e")
for name in os.listdir("."):
    if name not in ("f0", "l"): os.unlink(name)
print(sorted(os.listdir(".")))
`;

export const attack: Attack = {
  promise: 21,
  must: "Whatever is destroyed in an overlay, by whatever call, the host has all of it.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    for (let i = 0; i < 20; i++) writeFileSync(join(host, `f${i}`), `${i}`.repeat(10_000));
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "['f0', 'l']\n");
    });
  },
};
