import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";

const PROGRAM = `
import os
print(open("/m/one").read(), os.listdir("/m"))
found = []
fd = os.open("/m/one", os.O_RDONLY)
for path in ("/m/beside", "/m/one/../beside", "/m/one/beside", f"/proc/self/fd/{fd}/../beside"):
    if os.path.exists(path): found.append(path)
for flags in (os.O_RDONLY, os.O_PATH):
    try: found.append(os.open("beside", flags, dir_fd=fd))
    except OSError: pass
for act in (lambda: os.unlink("/m/one"), lambda: os.rename("/m/one", "/m/two"), lambda: open("/m/one", "w"), lambda: open("/m/new", "w")):
    try: found.append(act())
    except OSError: pass
print(found)
`;

export const attack: Attack = {
  promise: 21,
  must: "The mount of one file shows that file and nothing that lies beside it on the host.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    writeFileSync(join(host, "one"), "inside");
    writeFileSync(join(host, "beside"), stage.canaries.secret);
    const sandbox = await stage.sandbox({ mounts: [{ kind: "ro", host: join(host, "one"), guest: "/m/one" }] });
    assert.equal(await sandbox.python(PROGRAM), "inside ['one']\n[]\n");
  },
};
