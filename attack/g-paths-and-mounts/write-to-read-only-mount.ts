import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const CALLS = `
import os
for name, act in {
  "open": lambda: open("/m/secret.txt", "w"),
  "append": lambda: open("/m/writable.txt", "a"),
  "unlink": lambda: os.unlink("/m/secret.txt"),
  "rename": lambda: os.rename("/m/secret.txt", "/m/other"),
  "mkdir": lambda: os.mkdir("/m/made"),
  "chmod": lambda: os.chmod("/m/writable.txt", 0o777),
  "utime": lambda: os.utime("/m/writable.txt", (1, 1)),
  "truncate": lambda: os.truncate("/m/writable.txt", 0),
  "link": lambda: os.link("/m/writable.txt", "/m/open/linked"),
  "symlink": lambda: os.symlink("/etc/passwd", "/m/open/symlink"),
}.items():
  try:
    act()
    print(name, "worked")
  except OSError as error:
    if error.errno != 30: print(name, error)
`;

export const attack: Attack = {
  promise: 21,
  must: "Every change to a read-only mount is refused with EROFS, and the host's tree stays as it was.",
  needs: ["kvm"],
  quick: true,
  async run(stage) {
    const host = stage.newDirectory();
    cpSync(stage.canaries.directory, host, { recursive: true, filter: (path) => !path.endsWith("/socket") });
    await attackMounts(stage, [{ kind: "ro", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(CALLS), "");
    });
  },
};
