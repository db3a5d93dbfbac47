import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { attackMounts } from "./mounts.helper.ts";

const PROGRAM = `
cd /w
rm -rf /w/inner/* 2>/dev/null; rm -rf /w/inner 2>/dev/null; mv /w/inner /w/moved 2>/dev/null; mv /w/other /w/inner 2>/dev/null
rmdir /w/inner 2>/dev/null; ln -s /tmp /w/inner 2>/dev/null; chmod 777 /w/inner 2>/dev/null; echo x > /w/inner/new 2>/dev/null
mv /w/inner/kept /w/kept 2>/dev/null; ln /w/inner/kept /w/linked 2>/dev/null
cat /w/inner/kept; ls /w/inner
`;

export const attack: Attack = {
  promise: 21,
  must: "A read-only mount inside a writable one cannot be removed, moved, replaced or written to by way of the outer.",
  needs: ["kvm"],
  async run(stage) {
    const [outer, inner] = [stage.newDirectory(), stage.newDirectory()];
    mkdirSync(join(outer, "inner"));
    mkdirSync(join(outer, "other"));
    writeFileSync(join(outer, "inner", "hidden"), "hidden");
    writeFileSync(join(inner, "kept"), "kept ");
    await attackMounts(
      stage,
      [
        { kind: "overlay", host: outer, guest: "/w" },
        { kind: "ro", host: inner, guest: "/w/inner" },
      ],
      async (sandbox) => {
        assert.equal(await sandbox.shell(PROGRAM), "kept kept\n");
      },
    );
  },
};
