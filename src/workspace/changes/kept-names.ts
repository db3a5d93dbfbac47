import { type ByteString, below, EMPTY } from "../../base/byte-string.ts";
import { inSlices, mapInSlices, Pace } from "../../base/pace.ts";
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
export async function withKeptNames<T extends NamedEdit>(
  drafted: readonly T[],
  roots: readonly RootDirectory[],
): Promise<readonly T[]> {
  const kept = new Map<string, ByteString>();
  const listed = new Map<string, number>();
  await inSlices(drafted, ({ edit }) => {
    const key = inodeKey(edit);
    if (key === undefined) return;
    listed.set(key, (listed.get(key) ?? 0) + 1);
    if (hasSameContent(edit.before, edit.after)) kept.set(key, edit.path);
  });
  // Nothing that was there has changed.
  if (listed.size === 0) return drafted;
  const sought = new Set<string>();
  await inSlices(drafted, ({ edit, baseNames }) => {
    const key = inodeKey(edit);
    if (key !== undefined && !kept.has(key) && baseNames > (listed.get(key) ?? 0)) sought.add(key);
  });
  if (sought.size > 0) {
    const places = new Set<string>();
    await inSlices(drafted, ({ edit }) => places.add(`${edit.root}/${edit.path}`));
    await search(sought, places, roots, kept);
  }
  return await mapInSlices(drafted, (one) => {
    const { edit } = one;
    const name = kept.get(inodeKey(edit) ?? "");
    if (name === undefined || edit.before.type !== "file" || hasSameContent(edit.before, edit.after)) return one;
    return { ...one, edit: { ...edit, before: { ...edit.before, nameOf: name } } };
  });
}

function inodeKey({ root, before }: TreeEdit): string | undefined {
  return before.type === "file" && before.inode !== undefined ? `${root} ${before.inode}` : undefined;
}

async function search(
  sought: ReadonlySet<string>,
  listed: ReadonlySet<string>,
  roots: readonly RootDirectory[],
  kept: Map<string, ByteString>,
): Promise<void> {
  const pace = new Pace();
  let left = SCANNED_NAMES_MAX;
  for (const [index, root] of roots.entries()) {
    const directories = [EMPTY];
    for (let directory = directories.pop(); directory !== undefined && left > 0; directory = directories.pop()) {
      for (const name of await listOrNothing(root, directory)) {
        if (pace.isOver) await pace.rest();
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
export async function listOrNothing(root: RootDirectory, path: ByteString): Promise<ByteString[]> {
  try {
    return await root.list(path);
  } catch (error) {
    if (error instanceof Obstacle || ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(errorCode(error) ?? ""))
      return [];
    throw error;
  }
}
