import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { isWithin } from "../../../base/paths.ts";

/**
 * The file tree a cell sees where it can have a mount namespace of its own: an empty root with nothing in it but the
 * paths it needs, each at its own place, so that a path means the same inside and outside.
 */

/** What has to be made in the empty root, parents first. */
export type RootEntry =
  | { readonly kind: "directory" | "file"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A piece of the host's tree to be shown at its own place. */
export interface RootBind {
  readonly path: string;
  readonly directory: boolean;
}

export interface RootPlan {
  readonly entries: readonly RootEntry[];
  readonly binds: readonly RootBind[];
}

/** As many as the kernel follows in one path (MAXSYMLINKS, linux/namei.h). */
const LINKS_MAX = 40;

/** Plans a root in which each of `paths` leads where it leads on the host, links included. Missing ones are left out. */
export function planRoot(paths: readonly string[]): RootPlan {
  const links = new Map<string, string>();
  const places = new Map<string, RootBind>();
  for (const path of paths) {
    const found = follow(path, links);
    if (found !== undefined) places.set(found.path, found);
  }
  const binds = outermost([...places.values()]);
  const isShown = (path: string): boolean => binds.some((bind) => isWithin(path, bind.path));
  const entries = new Map<string, RootEntry>();
  const addParents = (path: string): void => {
    const parent = posix.dirname(path);
    if (parent === "/" || isShown(parent) || entries.has(parent)) return;
    addParents(parent);
    entries.set(parent, { kind: "directory", path: parent });
  };
  for (const { path, directory } of binds) {
    if (path === "/") continue;
    addParents(path);
    entries.set(path, { kind: directory ? "directory" : "file", path });
  }
  for (const [path, target] of links) {
    if (isShown(path)) continue;
    addParents(path);
    entries.set(path, { kind: "link", path, target });
  }
  return { entries: [...entries.values()], binds };
}

/** Where a path leads; the links on its way are noted. */
function follow(path: string, links: Map<string, string>): RootBind | undefined {
  let at = "/";
  let names = posix.normalize(path).split("/").filter(Boolean);
  for (let followed = 0; names.length > 0; ) {
    const [name, ...rest] = names as [string, ...string[]];
    const here = posix.join(at, name);
    const status = statusOf(here);
    if (status === undefined) return undefined;
    if (status.isSymbolicLink()) {
      if (++followed > LINKS_MAX) return undefined;
      const target = readlinkSync(here);
      links.set(here, target);
      const next = posix.resolve(at, target);
      names = [...next.split("/").filter(Boolean), ...rest];
      at = "/";
      continue;
    }
    if (rest.length === 0) return { path: here, directory: status.isDirectory() };
    if (!status.isDirectory()) return undefined;
    at = here;
    names = rest;
  }
  return { path: at, directory: true };
}

/** Undefined for what is not there, or not for this user: a cell is the same user, or one with fewer rights, and cannot get there either. */
function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EACCES") return undefined;
    throw error;
  }
}

/** Without those that lie inside another. */
function outermost(binds: readonly RootBind[]): RootBind[] {
  const sorted = [...binds].sort((a, b) => (a.path < b.path ? -1 : 1));
  const kept: RootBind[] = [];
  for (const bind of sorted) if (!kept.some((outer) => isWithin(bind.path, outer.path))) kept.push(bind);
  return kept;
}
