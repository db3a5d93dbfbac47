import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { PACKAGE_ROOT } from "../../base/package-root.ts";
import { GUEST_HOME, type GuestIdentity, guestEnvironment, guestTree } from "../guest-tree.ts";
import type { HostPython } from "./host-python.ts";
import { DEFAULT_PRELOAD, PYTHON_RUNNER_PATH, pythonBootstrap } from "./python-job.ts";
import type { TemplateRecipe } from "./recipe.ts";

const RUNNER_FILE = new URL("guest/python_runner.py", PACKAGE_ROOT);

/** The guest environment when this Python is to be found first. */
export function pythonEnvironment(identity: GuestIdentity, python: HostPython | undefined): Record<string, string> {
  const directory = python && dirname(python.executable);
  const needed = directory !== undefined && !/^\/(usr\/(local\/)?)?s?bin$/.test(directory);
  return guestEnvironment(identity, needed ? [directory] : []);
}

/** The `python` template: the host's python3 with modules imported, waiting for its job. */
export function pythonRecipe(options: {
  readonly python: HostPython;
  readonly identity: GuestIdentity;
  readonly memoryBytes: number;
  readonly preload?: readonly string[] | undefined;
}): TemplateRecipe {
  const { python, identity, memoryBytes } = options;
  const runner = readFileSync(RUNNER_FILE, "utf8");
  const bootstrap = pythonBootstrap(options.preload ?? DEFAULT_PRELOAD);
  return {
    name: "python",
    memoryBytes,
    identity,
    mounts: guestTree(identity, [...python.mounts, { guest: PYTHON_RUNNER_PATH, kind: "file", content: runner }]),
    start: {
      kind: "job",
      program: {
        path: python.executable,
        argv: [python.executable, "-c", bootstrap],
        env: pythonEnvironment(identity, python),
        cwd: GUEST_HOME,
      },
    },
    watch: python.watch,
  };
}
