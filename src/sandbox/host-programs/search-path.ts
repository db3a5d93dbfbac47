import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";

/** Searched after PATH: where distributions have programs. A service may be started without any PATH. */
const SYSTEM_DIRECTORIES = ["/usr/local/bin", "/usr/bin", "/bin"];

/** PATH, without the entries that mean another directory each time. */
export interface SearchPath {
  readonly directories: readonly string[];
  /** Entries that mean the working directory, or one below it (execvp(3) takes an empty one so, too). */
  readonly relative: readonly string[];
}

export function parseSearchPath(path: string | undefined): SearchPath {
  const entries = path === undefined || path === "" ? [] : path.split(":");
  return {
    directories: [...new Set([...entries.filter((entry) => entry.startsWith("/")), ...SYSTEM_DIRECTORIES])],
    relative: [...new Set(entries.filter((entry) => !entry.startsWith("/")))],
  };
}

/** Files of a name that can be executed, in the order of the path. */
export function programsNamed(name: string, { directories }: SearchPath): string[] {
  return directories.map((directory) => join(directory, name)).filter(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
