import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** False when every program is on this machine; else which one is missing, for the test runner to show. */
export function programMissing(...names: readonly string[]): string | false {
  const missing = names.filter(
    (name) => !(process.env.PATH ?? "").split(":").some((directory) => isExecutable(join(directory, name))),
  );
  return missing.length > 0 && `SKIPPED: not installed here: ${missing.join(", ")}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
