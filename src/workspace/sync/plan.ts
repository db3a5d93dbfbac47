import type { ByteString } from "../../base/byte-string.ts";
import { defined } from "../../base/optional.ts";
import { inSlices } from "../../base/pace.ts";
import { type FileState, hasSameContent, modeOf, type NodeState, type TreeEdit } from "../changes/node-state.ts";

/** What is set of a directory, file or link without replacing it; a link has no mode, a new directory no owner to go back to. */
export interface Metadata {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Of a file whose time is part of the change. */
  readonly mtimeNs?: string;
}

interface At {
  readonly root: number;
  readonly path: ByteString;
}

/** One system call or two. Every step can be taken back, also when it is not known whether it was begun. */
export type Step =
  /** Staged object -> a path where nothing is. */
  | (At & { readonly do: "place"; readonly object: number })
  /** Staged object over what is there, which is kept. */
  | (At & { readonly do: "replace"; readonly object: number })
  /** What is there is moved away and kept. */
  | (At & { readonly do: "remove" })
  | (At & { readonly do: "make-directory" })
  | (At & { readonly do: "remove-directory"; readonly was: Metadata })
  | (At & {
      readonly do: "set-metadata";
      readonly type: "file" | "directory" | "symlink";
      readonly from: Metadata;
      readonly to: Metadata;
    });

/** A new file or link to be made in the staging directory of its root. */
export interface StagedObject {
  readonly root: number;
  /** The first place it is for. */
  readonly path: ByteString;
  readonly state: FileState | (NodeState & { readonly type: "symlink" });
}

export interface Plan {
  readonly objects: readonly StagedObject[];
  readonly steps: readonly Step[];
}

/** Search and write for the owner: what is needed to change the names in a directory. */
export const OWNER_CHANGES = 0o300;
/** A new directory until its content is in place. */
export const NEW_DIRECTORY_MODE = 0o700;
const NEW_DIRECTORY: Metadata = { mode: NEW_DIRECTORY_MODE };

/**
 * The order: directories that become writable; what goes, deepest first; what comes, from the top; then the permissions of
 * directories, deepest first, as they may forbid what was just done. `edits` must be sorted by root and path.
 */
export async function planEdits(edits: readonly TreeEdit[]): Promise<Plan> {
  const objects = new StagedObjects();
  const deepestFirst = edits.toReversed();
  const steps: Step[] = [];
  await inSlices(edits, (edit) => void (opensDirectory(edit) && steps.push(metadataStep(edit))));
  await inSlices(deepestFirst, (edit) => steps.push(...removal(edit)));
  await inSlices(edits, (edit) => steps.push(...arrival(edit, objects)));
  await inSlices(deepestFirst, (edit) => {
    if (edit.after.type === "directory" && !opensDirectory(edit)) steps.push(...directoryMetadata(edit));
  });
  return { objects: objects.list, steps };
}

function opensDirectory({ before, after }: TreeEdit): boolean {
  if (before.type !== "directory" || after.type !== "directory") return false;
  return (before.mode & OWNER_CHANGES) !== OWNER_CHANGES && (after.mode & OWNER_CHANGES) === OWNER_CHANGES;
}

function removal({ root, path, before, after }: TreeEdit): Step[] {
  if (before.type === "absent" || before.type === after.type) return [];
  if (before.type === "directory") return [{ do: "remove-directory", root, path, was: metadataOf(before) }];
  return [{ do: "remove", root, path }];
}

function arrival(edit: TreeEdit, objects: StagedObjects): Step[] {
  const { root, path, before, after } = edit;
  if (after.type === "directory") return before.type === "directory" ? [] : [{ do: "make-directory", root, path }];
  if (after.type !== "file" && after.type !== "symlink") return [];
  if (hasSameContent(before, after)) return [metadataStep(edit)];
  const object = objects.indexOf({ root, path, state: after });
  return [{ do: before.type === after.type ? "replace" : "place", root, path, object }];
}

function directoryMetadata(edit: TreeEdit): Step[] {
  const { root, path, before, after } = edit;
  if (before.type === "directory") return [metadataStep(edit)];
  return [{ do: "set-metadata", root, path, type: "directory", from: NEW_DIRECTORY, to: metadataOf(after) }];
}

function metadataStep({ root, path, before, after }: TreeEdit): Step {
  const type = after.type === "file" || after.type === "symlink" ? after.type : "directory";
  return { do: "set-metadata", root, path, type, from: metadataOf(before), to: metadataOf(after) };
}

function metadataOf(state: NodeState): Metadata {
  if (state.type !== "file" && state.type !== "directory" && state.type !== "symlink") return {};
  const { uid, gid } = state;
  if (state.type === "symlink") return { uid, gid };
  const mtimeNs = state.type === "file" ? state.mtimeNs : undefined;
  return { mode: modeOf(state), uid, gid, ...defined({ mtimeNs }) };
}

/** Names of one inode with one content share an object, so that they become names of one file again. */
class StagedObjects {
  readonly list: StagedObject[] = [];
  readonly #known = new Map<string, number>();

  indexOf(object: StagedObject): number {
    const { root, path, state } = object;
    const shared = state.type === "file" ? (state.nameOf ?? state.inode) : undefined;
    const key = `${root} ${state.type === "file" ? state.sha256 : ""} ${shared ?? `/${path}`}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.list.length);
    return this.list.push(object) - 1;
  }
}
