import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const CODE = `
import os, errno
mine = set(os.listdir("/proc/self/fd"))
found = []
for fd in range(3, 4096):
  if str(fd) in mine: continue
  for act in (lambda: os.write(fd, b"\\0" * 40), lambda: os.read(fd, 40), lambda: os.fstat(fd), lambda: os.dup(fd)):
    try: act(); found.append(fd)
    except OSError as error:
      if error.errno != errno.EBADF: found.append((fd, error.errno))
for root in ("/proc/self/fd", "/dev/fd", "/proc/1/fd", "/proc/%d/fd" % os.getppid()):
  for fd in range(3, 300):
    if str(fd) in mine: continue
    try: os.close(os.open(f"{root}/{fd}", os.O_RDWR)); found.append(f"{root}/{fd}")
    except OSError: pass
print(found)
`;

export const attack: Attack = {
  promise: 16,
  must: "No descriptor of the guest, opened, inherited or named in /proc or /dev, is the cell's channel.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    assert.equal(await sandbox.python(CODE), "[]\n");
    sandbox.assertNoCellLost();
  },
};
