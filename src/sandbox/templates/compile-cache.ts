import { lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openCacheDirectory } from "./cache-directory.ts";
import { originOf } from "./origin.ts";

/** Its own name, and what earlier versions had. */
const NAME = /^compile(-|$)/;
/** Left behind by a process that died within a millisecond. */
const DRAFT = ".compile-";

/**
 * Where Node keeps the code it compiled, which makes its start several times faster. Nothing checks that code before it runs
 * on the host, so the directory must be one that this user's ztl made on this host: its name tells the origin of itself. One
 * that was unpacked with somebody's files, under any name, is removed. Undefined where origins cannot be told.
 */
export function compileCacheDirectory(cacheDirectory: string): string | undefined {
  const root = openCacheDirectory(cacheDirectory);
  const [found] = readdirSync(root).filter((name) => NAME.test(name) && keepOrRemove(join(root, name), name));
  return found === undefined ? make(root) : join(root, found);
}

function nameOf(path: string): string | undefined {
  try {
    openCacheDirectory(path);
  } catch {
    return undefined;
  }
  const origin = originOf(lstatSync(path, { bigint: true }));
  return origin && `compile-${origin}`;
}

function keepOrRemove(path: string, name: string): boolean {
  if (nameOf(path) === name) return true;
  rmSync(path, { recursive: true, force: true });
  return false;
}

function make(root: string): string | undefined {
  const draft = join(root, `${DRAFT}${process.pid}-${process.hrtime.bigint()}`);
  openCacheDirectory(draft);
  const name = nameOf(draft);
  if (name === undefined) {
    rmSync(draft, { recursive: true, force: true });
    return undefined;
  }
  renameSync(draft, join(root, name));
  return join(root, name);
}
