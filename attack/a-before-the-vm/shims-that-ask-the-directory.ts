import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

/** Names of versions that would lead out of the directory of versions, or into the project. */
const HOSTILE = [
  "../../project/opt",
  "../../../project/opt",
  "/",
  ".",
  "..",
  "system",
  "",
  "3.12.1:../../project/opt",
  "\0",
  "-c",
];

export const attack: Attack = {
  promise: 56,
  must: "A shim that chooses a Python by the working directory (pyenv, asdf, mise, rtx, a shell script) is never started to ask it.",
  quick: true,
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    const root = around.directory("pyenv");
    const shims = join(root, "shims");
    mkdirSync(shims);
    writeFileSync(join(shims, "python3"), `#!/bin/sh\n: > '${join(around.base, "ran", "shim")}'\n`, { mode: 0o755 });
    const chosen = plantPython(join(root, "versions", "3.12.1"));
    plantPython(join(root, "versions", "evil"));
    plantPython(join(project, "opt"));
    around.traps.write(".python-version", "evil\n");
    around.traps.write(".tool-versions", "python path:./evil\n");
    writeFileSync(join(root, "version"), "3.12.1\n");
    assert.equal(takenOf([shims], { workingDirectory: project }), join(chosen, "python3"), "the user's own choice");
    for (const version of HOSTILE) {
      writeFileSync(join(root, "version"), version);
      const taken = takenOf([shims], { workingDirectory: project });
      assert.ok(!taken.startsWith(around.base), `${taken}, by ${JSON.stringify(version)}`);
    }
    // Programs that act by the name they are called by.
    for (const name of ["asdf", "mise", "rtx", "proto", "busybox"]) {
      const bin = around.directory(name);
      writeFileSync(join(bin, name), "\x7fELF, and no more", { mode: 0o755 });
      symlinkSync(name, join(bin, "python3"));
      assert.ok(!takenOf([bin], { workingDirectory: project }).startsWith(around.base), name);
    }
    assert.deepEqual(around.traps.ran(), []);
  },
};
