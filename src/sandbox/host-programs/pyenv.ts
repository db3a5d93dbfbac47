import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { programKind, readHead } from "./python-layout.ts";

/** `pyenv global` writes a name or a few, one a line. */
const VERSION_FILE_BYTES_MAX = 4096;

/**
 * The interpreter behind a shim of pyenv by its user's own choice (`pyenv global`). The shim itself is a script that looks for
 * `.python-version` in the working directory first, so it is read and never run. Undefined for what is no such shim.
 */
export function behindShim(program: string): { readonly program: string; readonly chosenBy: string } | undefined {
  const directory = dirname(program);
  const root = dirname(directory);
  if (basename(directory) !== "shims" || !existsSync(join(root, "versions")) || programKind(program) !== "script")
    return undefined;
  const chosenBy = join(root, "version");
  const [version] = (readHead(chosenBy, VERSION_FILE_BYTES_MAX)?.toString("utf8") ?? "").trim().split(/\s+/);
  if (version === undefined || !/^\w[\w.+-]*$/.test(version) || version === "system") return undefined;
  return { program: join(root, "versions", version, "bin", basename(program)), chosenBy };
}
