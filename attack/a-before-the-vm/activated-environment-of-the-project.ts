import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const SEEN = "import sys; print(sys.executable, sys.prefix, sys.path, 'ended')";

export const attack: Attack = {
  promise: 56,
  must: "An activated virtual environment that lies in the repository is not taken: not its programs, not its packages, not the pyvenv.cfg above it.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    around.traps.write(".git/HEAD", "ref: refs/heads/main\n");
    const below = around.directory("project/packages/app");
    const activated = {
      VIRTUAL_ENV: join(project, ".venv"),
      VIRTUAL_ENV_PROMPT: "(app)",
      PATH: `${join(project, ".venv", "bin")}:/usr/local/bin:/usr/bin:/bin`,
    };
    const outside = new RegExp(`^(?!.*${project}).*ended$`, "m");
    for (const cwd of [project, below])
      around.assertUntouched(around.ztl(["run", "--python", SEEN], activated, cwd), outside);
    // Elsewhere, the project may be what is mounted.
    const mounted = ["run", "--mount", `${project}:/project`, "--python", SEEN];
    around.assertUntouched(around.ztl(mounted, activated, around.base), outside);
  },
};
