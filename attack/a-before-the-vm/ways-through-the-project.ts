import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { plantEnvironment, plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

export const attack: Attack = {
  promise: 56,
  must: "No link, virtual environment or chain of links outside the project makes its Python, or one behind it, what guests run.",
  quick: true,
  run(stage) {
    using around = new Surroundings(stage);
    const { project, base } = around;
    const planted = plantPython(join(project, "opt"));
    const own = plantPython(around.directory("own"));

    const linked = around.directory("linked");
    symlinkSync(join(planted, "python3"), join(linked, "python3"));
    const directory = join(base, "linked-directory");
    symlinkSync(planted, directory);
    // In and out again: whoever has the project turns the link to anywhere.
    symlinkSync(own, join(project, "turn"));
    const through = around.directory("through");
    symlinkSync(join(project, "turn", "python3"), join(through, "python3"));
    const chain = around.directory("chain");
    symlinkSync(join(linked, "python3"), join(chain, "python3"));
    const environment = plantEnvironment(around.directory("environment"), planted);
    const dots = join(project, "..", "own", "bin");

    const ways = [planted, linked, directory, through, chain, environment, join(project, "turn")];
    for (const bin of ways)
      for (const choice of [{ workingDirectory: project }, { mounts: [project] }]) {
        const taken = takenOf([bin], choice);
        assert.ok(!taken.startsWith(base), `${taken}, by ${bin}`);
      }
    assert.match(takenOf([own], { workingDirectory: project }), /own\/bin\/python3$/, "one beside the project is fine");
    assert.ok(!takenOf([dots, planted], { workingDirectory: project }).startsWith(project));
  },
};
