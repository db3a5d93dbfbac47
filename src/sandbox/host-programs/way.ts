import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Linux gives up after as many (path_resolution(7), MAXSYMLINKS in include/linux/namei.h). */
const LINKS_MAX = 40;

/** One directory, link or file that is passed on the way to a file. Whoever may write it decides where the way leads. */
export interface Step {
  readonly path: string;
  readonly status: Stats;
}

/** The way to a file, as the kernel goes it: from `/` on, through every directory and every symbolic link. */
export interface Way {
  readonly steps: readonly Step[];
  /** Where it ends: a path without links. */
  readonly real: string;
}

/** Follows an absolute path. Undefined when there is nothing at its end, or no way to it. */
export function wayTo(path: string): Way | undefined {
  const steps: Step[] = [];
  let links = 0;
  let real = "/";
  let rest = partsOf(path);
  try {
    steps.push({ path: "/", status: lstatSync("/") });
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === "..") {
        real = dirname(real);
        continue;
      }
      const here = join(real, part);
      const status = lstatSync(here);
      steps.push({ path: here, status });
      if (!status.isSymbolicLink()) {
        real = here;
        continue;
      }
      if (++links > LINKS_MAX) return undefined;
      const target = readlinkSync(here);
      if (target.startsWith("/")) real = "/";
      rest = [...partsOf(target), ...rest];
    }
  } catch {
    return undefined;
  }
  return { steps, real };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/**
 * The names a program has on the way to the real one: its own, and the target of each link that is met at the end of the
 * name. Links among the directories are left as they are: that is how CPython looks for its library.
 */
export function namesOf(program: string): string[] {
  const names = [program];
  for (let name = program; names.length <= LINKS_MAX; names.push(name)) {
    try {
      name = resolve(dirname(name), readlinkSync(name));
    } catch {
      break;
    }
  }
  return names;
}

export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
