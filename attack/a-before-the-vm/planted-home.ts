import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

export const attack: Attack = {
  promise: 56,
  must: "A home directory that came with the project (user site, .pth files, pyenv, .bashrc, .npmrc, .node_modules) has nothing executed.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    const home = {
      HOME: project,
      PYENV_ROOT: join(project, ".pyenv"),
      PYENV_VERSION: "evil",
      PATH: `${join(project, ".pyenv", "shims")}:${join(project, ".local", "bin")}:/usr/local/bin:/usr/bin:/bin`,
    };
    for (const cwd of [project, around.base]) {
      around.assertUntouched(around.ztl(["run", "--python", "import json; print(6 * 7)"], home, cwd), /^42$/m);
      around.assertUntouched(around.ztl(["run", "--shell", "echo $((6 * 7))"], home, cwd), /^42$/m);
      around.assertUntouched(around.ztl(["doctor"], home, cwd), /Trial run: a shell in a micro-VM: \d/);
    }
  },
};
