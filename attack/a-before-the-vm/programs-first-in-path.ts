import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const SCRIPT = "uname >/dev/null; id -u >/dev/null; mkdir /tmp/a; python3 -c 'print(6 * 7)'";

export const attack: Attack = {
  promise: 56,
  must: "A python3, bash, env, uname or any other program that the project has, first in PATH by whichever spelling, is not started.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    const real = "/usr/local/bin:/usr/bin:/bin";
    for (const entries of [`:.:bin:node_modules/.bin:.pyenv/shims`, `${project}:${project}/bin:${project}/.`]) {
      const variables = { PATH: `${entries}:${real}`, SHELL: join(project, "bash"), ENV: join(project, "shell-start") };
      around.assertUntouched(around.ztl(["run", "--shell", SCRIPT], variables), /^42$/m);
      around.assertUntouched(around.ztl(["run", "--python", "print(6 * 7)"], variables), /^42$/m);
      around.assertUntouched(around.ztl(["doctor"], variables), /not (used|searched)/);
    }
    spawnSync("bash", ["-c", ":"], { env: { PATH: project }, cwd: project });
    around.assertWentOff("bash");
  },
};
