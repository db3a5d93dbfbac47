import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import glob, os
fd = os.open("/m/d", os.O_RDONLY)
found = []
for base in ["/proc/self/root", "/proc/self/cwd", f"/proc/self/fd/{fd}", f"/dev/fd/{fd}", "/proc/thread-self/root", "/proc/1/root", "/proc/2/cwd"]:
    for up in ("", "/..", "/../..", "/../../..", "/m/..", "/m/../.."):
        if os.path.exists(f"{base}{up}/beside"): found.append(base + up)
for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
    for link in glob.glob(f"/proc/{pid}/fd/*") + [f"/proc/{pid}/exe", f"/proc/{pid}/cwd"]:
        try: text = os.readlink(link)
        except OSError: continue
        if "ztl" in text or "node" in text or "memfd" in text or "kvm" in text: found.append((link, text))
for n in range(300):
    if n in (0, 1, 2, fd): continue
    try:
        text = os.readlink(f"/proc/self/fd/{n}")
        if text.startswith("/") and not text.startswith(("/proc", "/m", "/dev", "/usr", "/tmp")): found.append(text)
    except OSError: pass
print(found)
`;

export const attack: Attack = {
  promise: 21,
  must: "The magic links of /proc lead to what the guest has, and nowhere else.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    writeFileSync(join(stage.directory, "beside"), stage.canaries.secret);
    await attackMounts(stage, [{ kind: "ro", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "[]\n");
    });
  },
};
