import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { sha256Hex } from "../../../src/base/sha256.ts";
import { ZtlError } from "../../../src/errors.ts";
import { TREE_FILES_MAX } from "../limits.ts";

/** What lies below a directory: for each path its kind, mode and content, as one hash. */
export type Tree = ReadonlyMap<string, string>;

/** Throws ZtlError `tree-too-large`. */
export function readTree(root: string): Tree {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  if (names.length > TREE_FILES_MAX)
    throw new ZtlError("tree-too-large", `Expected at most ${TREE_FILES_MAX} files, found ${names.length}`);
  return new Map(names.sort().map((name) => [relative(root, join(root, name)), stateOf(join(root, name))]));
}

function stateOf(path: string): string {
  const { mode } = lstatSync(path);
  const kind = mode & 0o170000;
  const content = kind === 0o100000 ? readFileSync(path) : kind === 0o120000 ? readlinkSync(path) : "";
  return `${mode.toString(8)} ${sha256Hex(content)}`;
}

/** Paths that were added, changed or removed. */
export function changedPaths(before: Tree, after: Tree): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
