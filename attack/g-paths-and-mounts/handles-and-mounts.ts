import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = String.raw`
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(b"\x80\0\0\0" + b"\0" * 200)
mount = ctypes.c_int()
worked = []
calls = {
  "mount": (165, b"/m", b"/tmp", b"none", 4096, None), "umount2": (166, b"/m", 2), "pivot_root": (155, b"/m", b"/m/d"),
  "open_tree": (428, -100, b"/", 1), "move_mount": (429, -100, b"/m", -100, b"/tmp", 0), "fsopen": (430, b"proc", 0),
  "fsmount": (432, 3, 0, 0), "fspick": (433, -100, b"/", 0), "mount_setattr": (442, -100, b"/m", 0, handle, 32),
  "unshare": (272, 0x20000), "setns": (308, 3, 0), "open_by_handle_at": (304, -100, handle, 0),
  "name_to_handle_at": (303, -100, b"/m/d/f", handle, ctypes.byref(mount), 0), "swapon": (167, b"/m/d/f", 0),
  "acct": (163, b"/m/d/f"), "quotactl": (179, 0, None, 0, None),
}
for name, args in calls.items():
    if libc.syscall(*args) >= 0: worked.append(name)
print(worked, os.listdir("/m"))
`;

export const attack: Attack = {
  promise: 21,
  must: "No call that mounts, unmounts or opens a file by handle does anything.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "[] ['d']\n");
    });
  },
};
