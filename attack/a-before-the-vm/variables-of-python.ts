import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

const SEEN = "import os, sys; print(sorted(name for name in os.environ if 'PYTHON' in name), sys.path, 6 * 7)";

export const attack: Attack = {
  promise: 56,
  must: "PYTHONPATH, PYTHONHOME, PYTHONSTARTUP, PYTHONUSERBASE and their like lead no Python to the project, neither on the host nor in a guest.",
  needs: ["kvm", "python"],
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    const variables = {
      PYTHONPATH: `${project}:.`,
      PYTHONHOME: project,
      PYTHONSTARTUP: join(project, "startup.py"),
      PYTHONUSERBASE: join(project, ".local"),
      PYTHONEXECUTABLE: join(project, "python3"),
      PYTHONPLATLIBDIR: "../project/lib",
      PYTHONPYCACHEPREFIX: join(project, "__pycache__"),
      PYTHONBREAKPOINT: "json.loads",
      PYTHONINSPECT: "1",
      __PYVENV_LAUNCHER__: join(project, ".venv", "bin", "python3"),
    };
    const seen = around.ztl(["run", "--python", SEEN], variables);
    around.assertUntouched(seen, new RegExp(`^\\[\\] \\[(?!.*${project}).*\\] 42$`, "m"));
    around.assertUntouched(around.ztl(["doctor"], variables), /Trial run: a shell in a micro-VM: \d/);
    around.assertAlive("encodings+__init__.py", ["-c", ""], { PYTHONPATH: project });
  },
};
