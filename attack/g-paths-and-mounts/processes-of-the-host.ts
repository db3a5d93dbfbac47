import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
import os, signal
names = sorted(name for name in os.listdir("/proc") if name.isdigit())
found = []
for pid in list(range(1, 3000)) + [os.getppid()]:
    if str(pid) in names or pid in (0, os.getpid()): continue
    try:
        os.kill(pid, 0)
        found.append(pid)
    except OSError: pass
    if os.path.exists(f"/proc/{pid}/status") and os.getpid() != pid: found.append(("proc", pid))
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/config.gz", "/sys/kernel/debug", "/sys/kernel/security", "/sys/firmware", "/dev/kvm", "/dev/mem"):
    if os.path.exists(path): found.append(path)
print(len(names) < 4, found)
`;

export const attack: Attack = {
  promise: 21,
  must: "What /proc and the calls on processes show is the guest's own processes alone.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "ro", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "True []\n");
    });
  },
};
