import { type ByteString, below, EMPTY } from "../../base/byte-string.ts";
import { errorCode } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import type { RootDirectory } from "../files/root-directory.ts";
import { SCANNED_NAMES_MAX } from "../limits.ts";
import { hasSameContent, type TreeEdit } from "./node-state.ts";

interface NamedEdit {
  readonly edit: TreeEdit;
  /** How many names the host's file has. */
  readonly baseNames: number;
}

/**
 * When one name of a file goes and another stays, undo must make the first a name of the second again. So each name that
 * goes gets to know one that stays: from the list, or else from the host's tree, which is searched only then.
 */
export function withKeptNames<T extends NamedEdit>(drafted: readonly T[], roots: readonly RootDirectory[]): T[] {
  const kept = new Map<string, ByteString>();
  const listed = new Map<string, number>();
  for (const { edit } of drafted) {
    const key = inodeKey(edit);
    if (key === undefined) continue;
    listed.set(key, (listed.get(key) ?? 0) + 1);
    if (hasSameContent(edit.before, edit.after)) kept.set(key, edit.path);
  }
  const sought = drafted.flatMap(({ edit, baseNames }) => {
    const key = inodeKey(edit);
    return key !== undefined && !kept.has(key) && baseNames > (listed.get(key) ?? 0) ? [key] : [];
  });
  if (sought.length > 0)
    search(new Set(sought), new Set(drafted.map(({ edit }) => `${edit.root}/${edit.path}`)), roots, kept);
  return drafted.map((one) => {
    const { edit } = one;
    const name = kept.get(inodeKey(edit) ?? "");
    if (name === undefined || edit.before.type !== "file" || hasSameContent(edit.before, edit.after)) return one;
    return { ...one, edit: { ...edit, before: { ...edit.before, nameOf: name } } };
  });
}

function inodeKey({ root, before }: TreeEdit): string | undefined {
  return before.type === "file" && before.inode !== undefined ? `${root} ${before.inode}` : undefined;
}

function search(
  sought: ReadonlySet<string>,
  listed: ReadonlySet<string>,
  roots: readonly RootDirectory[],
  kept: Map<string, ByteString>,
): void {
  let left = SCANNED_NAMES_MAX;
  for (const [index, root] of roots.entries()) {
    const directories = [EMPTY];
    for (let directory = directories.pop(); directory !== undefined && left > 0; directory = directories.pop()) {
      for (const name of listOrNothing(root, directory)) {
        const path = below(directory, name);
        const status = root.status(path);
        left--;
        if (status?.isDirectory() && status.dev === root.device) directories.push(path);
        const key = `${index} ${status?.dev}:${status?.ino}`;
        if (status?.isFile() && sought.has(key) && !listed.has(`${index}/${path}`)) kept.set(key, path);
      }
    }
  }
}

/** A directory that may not be read, or is gone by now, has no names for us. */
export function listOrNothing(root: RootDirectory, path: ByteString): ByteString[] {
  try {
    return root.list(path);
  } catch (error) {
    if (error instanceof Obstacle || ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(errorCode(error) ?? ""))
      return [];
    throw error;
  }
}
