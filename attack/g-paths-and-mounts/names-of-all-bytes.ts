import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = String.raw`
import os
os.chdir(b"/m")
names = [bytes([b]) for b in range(1, 256) if b not in (46, 47, 100)] + [b"..." , b"..\\", b"..%2f..%2fetc", b"\xc0\xae\xc0\xae", b"\xe2\x80\xae", b"a" * 255, b"new\nline", b" ", b"-rf", b"\x1b[2J", b"con", b"~"]
for name in names: open(name, "wb").close()
print(sorted(os.listdir(b".")) == sorted(set(names) | {b"d"}))
refused = 0
for name in (b"a" * 256, b"", b"x/" * 2049, b"d/f/x", b"../" * 100 + b"m/../no/x"):
    try: open(name, "wb").close()
    except OSError: refused += 1
print(refused)
`;

export const attack: Attack = {
  promise: 12,
  must: "Names of any bytes stay names: the change set has each exactly, and no part of one is a path.",
  needs: ["kvm", "python"],
  async run(stage) {
    const host = stage.newDirectory();
    mkdirSync(join(host, "d"));
    writeFileSync(join(host, "d", "f"), "inside");
    await attackMounts(stage, [{ kind: "overlay", host, guest: "/m" }], async (sandbox) => {
      assert.equal(await sandbox.python(PROGRAM), "True\n5\n");
    });
  },
};
