import { lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import { ZtlError } from "../../errors.ts";

const FILE_NAME = "ztl.config.json";
const MODULE_NAMES = ["ts", "mts", "cts", "js", "mjs", "cjs"].map((ending) => `ztl.config.${ending}`);

/**
 * The configuration that a directory has by its name: JSON, which can only be read. Directories above are not looked into: a
 * file that somebody else may write must not come to rule.
 */
export function findConfig(directory: string): string | undefined {
  const path = join(resolve(directory), FILE_NAME);
  return isThere(path) ? path : undefined;
}

/**
 * Configurations that are programs. None of them is run because it lies somewhere: whoever looks at a suspicious project in
 * its directory would run what the project's author wrote.
 */
export function findConfigModules(directory: string): string[] {
  return MODULE_NAMES.map((name) => join(resolve(directory), name)).filter(isThere);
}

/** As {@link findConfig}, but throws ZtlError `config-not-found`, which tells of modules that would have to be named. */
export function requireConfig(directory: string): string {
  const found = findConfig(directory);
  if (found !== undefined) return found;
  const [module] = findConfigModules(directory);
  if (module === undefined) {
    throw new ZtlError("config-not-found", `There is no ${FILE_NAME} in ${resolve(directory)}`, {
      remedy: "`ztl policy init` writes one to begin with; --config names another file.",
    });
  }
  throw new ZtlError("config-not-found", `There is no ${FILE_NAME} in ${resolve(directory)}; ${notRun(module)}`, {
    file: module,
    remedy: `If you trust it, name it: --config ${module}. \`ztl policy init\` writes a ${FILE_NAME} to begin with.`,
  });
}

/** What is said of a module that was left alone. */
export function notRun(module: string): string {
  return `${module} is a program, and runs only when it is named`;
}

/** Whatever it is: a link that leads nowhere is told when it is read. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
