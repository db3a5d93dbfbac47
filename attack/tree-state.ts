import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Everything about the files below a directory that a program can change, one line each, by path. */
export function treeState(root: string): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  const visit = (path: string): void => {
    const place = join(root, path);
    const stat = lstatSync(place, { bigint: true });
    const content = stat.isFile()
      ? createHash("sha256").update(readFileSync(place)).digest("hex")
      : stat.isSymbolicLink()
        ? readlinkSync(place)
        : "";
    // No atime: reading for this very hash moves it.
    const { mode, uid, gid, size, nlink, ino, mtimeNs, ctimeNs } = stat;
    state.set(path, [mode.toString(8), uid, gid, size, nlink, ino, mtimeNs, ctimeNs, content].join(" "));
    if (stat.isDirectory()) for (const name of readdirSync(place).sort()) visit(join(path, name));
  };
  visit(".");
  return state;
}

/** What differs between two states, in words; empty when nothing does. */
export function treeDifferences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths].flatMap((path) => {
    const [was, is] = [before.get(path), now.get(path)];
    if (was === is) return [];
    if (was === undefined) return [`${path} was made`];
    return [is === undefined ? `${path} was removed` : `${path} was changed: ${was} -> ${is}`];
  });
}
