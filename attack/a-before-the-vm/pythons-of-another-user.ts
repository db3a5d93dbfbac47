import assert from "node:assert/strict";
import { chownSync, lchownSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

const SOMEBODY = 12_345;
const OWNED: readonly string[][] = [
  [],
  ["bin"],
  ["bin", "python3.12"],
  ["bin", "python3"],
  ["lib"],
  ["lib", "python3.12"],
  ["lib", "python3.12", "os.py"],
];

export const attack: Attack = {
  promise: 56,
  must: "A Python that another user owns any part of (a directory above, the link, the program, the library) is not what root's guests run.",
  needs: ["root"],
  quick: true,
  run(stage) {
    using around = new Surroundings(stage);
    for (const [index, part] of OWNED.entries()) {
      const prefix = around.directory(`p${index}`);
      const bin = plantPython(prefix);
      lchownSync(join(prefix, ...part), SOMEBODY, 0);
      const taken = takenOf([bin]);
      assert.ok(!taken.startsWith(around.base), `${taken}, of which ${part.join("/")} is another user's`);
    }
    const bin = plantPython(around.directory("own"));
    chownSync(join(bin, "python3.12"), 0, SOMEBODY);
    assert.equal(takenOf([bin]), join(bin, "python3"), "a group that may not write changes nothing");
  },
};
