import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Whether a path is a directory or lies somewhere below it. Both are absolute and normal, as `resolve` and `realpath` give them. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** The real path of the deepest part that exists, with the rest as it is. `path` is absolute. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}
