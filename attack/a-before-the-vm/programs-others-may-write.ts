import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { plantEnvironment, plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

/** What others may write decides what is executed, wherever on the way it is. */
const OPENINGS: readonly string[][] = [
  [],
  ["bin"],
  ["bin", "python3.12"],
  ["lib"],
  ["lib", "python3.12"],
  ["lib", "python3.12", "os.py"],
];
const MODES = [0o775, 0o757, 0o777, 0o1777, 0o3777];

export const attack: Attack = {
  promise: 56,
  must: "A Python in a directory that others may write, or behind a link through one, is not what guests run.",
  quick: true,
  run(stage) {
    using around = new Surroundings(stage);
    let made = 0;
    for (const opening of OPENINGS)
      for (const mode of MODES) {
        const prefix = around.directory(`p${made++}`);
        const bin = plantPython(prefix);
        assert.equal(takenOf([bin]), join(bin, "python3"), "closed to others it is the caller's");
        chmodSync(join(prefix, ...opening), mode);
        assert.ok(!takenOf([bin]).startsWith(around.base), `${opening.join("/")} with mode ${mode.toString(8)}`);
      }
    const shared = mkdtempSync(join(tmpdir(), "ztl-shared-"));
    try {
      const inTmp = plantPython(shared);
      const links = around.directory("links");
      symlinkSync(join(inTmp, "python3"), join(links, "python3"));
      const environment = plantEnvironment(around.directory("environment"), inTmp);
      for (const bin of [inTmp, links, environment]) assert.doesNotMatch(takenOf([bin]), /ztl-/, bin);
    } finally {
      rmSync(shared, { recursive: true });
    }
  },
};
