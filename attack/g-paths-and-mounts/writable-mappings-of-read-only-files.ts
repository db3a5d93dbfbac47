import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = String.raw`
import ctypes, fcntl, mmap, os
path, worked = "/m/d/f", []
fd = os.open(path, os.O_RDONLY)
def attempt(name, act):
    try:
        act()
        worked.append(name)
    except (OSError, ValueError, PermissionError): pass
attempt("shared", lambda: mmap.mmap(fd, 6))
attempt("proc", lambda: os.open(f"/proc/self/fd/{fd}", os.O_RDWR))
attempt("devfd", lambda: os.open(f"/dev/fd/{fd}", os.O_WRONLY | os.O_APPEND))
attempt("trunc", lambda: os.open(path, os.O_RDONLY | os.O_TRUNC))
attempt("ftruncate", lambda: os.ftruncate(fd, 0))
attempt("write", lambda: os.write(fd, b"x"))
attempt("fallocate", lambda: os.posix_fallocate(fd, 0, 10))
attempt("fchmod", lambda: os.fchmod(fd, 0o777))
attempt("futimens", lambda: os.utime(fd, (1, 1)))
attempt("setxattr", lambda: os.setxattr(path, "user.x", b"y"))
attempt("fsetxattr", lambda: os.setxattr(fd, "user.x", b"y"))
attempt("linkat", lambda: os.link(f"/proc/self/fd/{fd}", "/m/x", follow_symlinks=True))
attempt("splice", lambda: os.splice(os.pipe()[0], fd, 1))
attempt("copy_file_range", lambda: os.copy_file_range(os.open("/m/d/f", os.O_RDONLY), fd, 1))
attempt("sendfile", lambda: os.sendfile(fd, os.open("/m/d/f", os.O_RDONLY), 0, 1))
attempt("flags", lambda: fcntl.ioctl(fd, 0x40086602, b"\x20\0\0\0\0\0\0\0"))
private = mmap.mmap(fd, 6, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
private[:] = b"guest!"
print(worked, open(path).read(), private[:])
`;

export const attack: Attack = {
  promise: 21,
  must: "A file of a read-only mount cannot be written through a mapping, a descriptor opened again or a call of another kind.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "ro", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "[] inside b'guest!'\n");
    });
  },
};
