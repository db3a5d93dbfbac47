import { existsSync } from "node:fs";
import { GUEST_HOME, type GuestIdentity, guestTree } from "../guest-tree.ts";
import type { HostPython } from "./host-python.ts";
import { pythonEnvironment } from "./python.ts";
import type { ProgramSpec, TemplateRecipe } from "./recipe.ts";

/** What the shell template runs once: its files are then in the sealed page cache. */
const SHELL_PRIMING =
  'set -e; for i in 1 2; do echo $i | cat | tr 1 2; done; ls / >/dev/null; x=$(printf %s a); [ -n "$x" ]';

interface ProgramTemplate {
  readonly identity: GuestIdentity;
  readonly memoryBytes: number;
  /** Shown to guests too, when the host has one: scripts call python3. */
  readonly python: HostPython | undefined;
}

/** The shell that runs scripts: bash where the host has it, as its users write for it, else sh. */
export function shellPath(): string {
  return ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path)) ?? "/bin/sh";
}

/** The `shell` template: no process, but bash and common tools in the page cache. */
export function shellRecipe(options: ProgramTemplate): TemplateRecipe {
  const program: ProgramSpec = {
    path: shellPath(),
    argv: [shellPath(), "-c", SHELL_PRIMING],
    env: pythonEnvironment(options.identity, options.python),
    cwd: GUEST_HOME,
  };
  return programRecipe("shell", options, [program]);
}

/** The `exec` template: nothing but an empty guest. */
export function execRecipe(options: ProgramTemplate): TemplateRecipe {
  return programRecipe("exec", options, []);
}

function programRecipe(
  name: "shell" | "exec",
  options: ProgramTemplate,
  programs: readonly ProgramSpec[],
): TemplateRecipe {
  const { identity, memoryBytes, python } = options;
  return {
    name,
    memoryBytes,
    identity,
    mounts: guestTree(identity, python?.mounts ?? []),
    start: { kind: "prime", programs },
    watch: [],
  };
}
