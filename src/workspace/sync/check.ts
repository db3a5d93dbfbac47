import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, below, parentOf } from "../../base/byte-string.ts";
import { inSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import {
  hasSameContent,
  isDirectoryOrNothing,
  isUnsupported,
  type NodeState,
  type TreeEdit,
} from "../changes/node-state.ts";
import { hashOnly, observe, readObserved } from "../files/observation.ts";
import { Obstacle } from "../files/obstacle.ts";
import type { RootDirectory, Status } from "../files/root-directory.ts";
import { PARALLEL_FILES } from "../limits.ts";

export interface Checked {
  /** With the root's index; empty when everything is as expected. */
  readonly conflicts: readonly { readonly root: number; readonly obstacle: Obstacle }[];
  /** What was found at each place, by `placeKey`: to notice a change between here and the step. */
  readonly found: ReadonlyMap<string, Status>;
}

export interface CheckOptions {
  readonly edits: readonly TreeEdit[];
  readonly directories: readonly RootDirectory[];
  readonly blobs: BlobFiles;
  /** Undo does not look at owners: a group that the system chose is no edit of the user's. */
  readonly ownersMatter: boolean;
}

export function placeKey(root: number, path: ByteString): string {
  return `${root}/${path}`;
}

/** Compares every `before` with the host, contents included, and keeps those contents: they are what undo restores. */
export async function checkEdits(options: CheckOptions): Promise<Checked> {
  const check = await Check.of(options);
  await inParallel(options.edits, PARALLEL_FILES, (edit) => check.examine(edit));
  await options.blobs.settle();
  return check;
}

class Check implements Checked {
  readonly conflicts: { root: number; obstacle: Obstacle }[] = [];
  readonly found = new Map<string, Status>();
  readonly #options: CheckOptions;
  readonly #edits: ReadonlyMap<string, TreeEdit>;

  private constructor(options: CheckOptions, edits: ReadonlyMap<string, TreeEdit>) {
    this.#options = options;
    this.#edits = edits;
  }

  static async of(options: CheckOptions): Promise<Check> {
    const edits = new Map<string, TreeEdit>();
    await inSlices(options.edits, (edit) => edits.set(placeKey(edit.root, edit.path), edit));
    return new Check(options, edits);
  }

  async examine(edit: TreeEdit): Promise<void> {
    try {
      if (isUnsupported(edit.after)) throw new Obstacle(edit.path, "unsupported-type");
      const directory = this.#options.directories[edit.root] as RootDirectory;
      if (![edit.before, edit.after].every(isDirectoryOrNothing) && directory.leadsToHidden(edit.path))
        throw new Obstacle(edit.path, "hidden-place");
      if (edit.before.type === "absent") this.#expectNothing(edit, directory);
      else await this.#expect(edit, edit.before, directory);
      await this.#examineLink(edit, directory);
    } catch (error) {
      if (!(error instanceof Obstacle)) throw error;
      this.conflicts.push({ root: edit.root, obstacle: error });
    }
  }

  #expectNothing({ root, path }: TreeEdit, directory: RootDirectory): void {
    const parent = this.#edits.get(placeKey(root, parentOf(path)));
    if (parent !== undefined && parent.after.type !== "directory") throw new Obstacle(path, "parent-not-directory");
    // A directory that is yet to be made holds nothing.
    if (parent !== undefined && parent.before.type !== "directory") return;
    directory.locate(path);
    if (directory.status(path) !== undefined) throw new Obstacle(path, "already-exists");
  }

  async #expect(edit: TreeEdit, before: NodeState, directory: RootDirectory): Promise<void> {
    const { root, path, after } = edit;
    directory.locate(path);
    const { state, status } = observe(directory, path);
    if (status === undefined) throw new Obstacle(path, "missing");
    this.found.set(placeKey(root, path), status);
    if (state.type === "file" && before.type === "file") {
      if (state.mode !== before.mode) throw new Obstacle(path, "mode-changed");
      const { blobs } = this.#options;
      const isKept = !hasSameContent(before, after);
      const { sha256 } = await readObserved(directory, path, status, (source) =>
        isKept && /^[0-9a-f]{64}$/.test(before.sha256) ? blobs.put(source, before.sha256) : hashOnly(source),
      );
      if (sha256 !== before.sha256) throw new Obstacle(path, "content-changed");
    } else if (state.type === "directory" && before.type === "directory") {
      if (state.mode !== before.mode) throw new Obstacle(path, "mode-changed");
      if (after.type !== "directory") await this.#expectKnownChildren(edit, directory);
    } else if (state.type === "symlink" && before.type === "symlink") {
      if (state.target !== before.target) throw new Obstacle(path, "link-target-changed");
    } else if (state.type !== before.type) throw new Obstacle(path, "type-changed");
    this.#expectOwner(path, state, before);
  }

  #expectOwner(path: ByteString, state: NodeState, before: NodeState): void {
    if (!this.#options.ownersMatter || !("uid" in state) || !("uid" in before)) return;
    if (state.uid !== before.uid || state.gid !== before.gid) throw new Obstacle(path, "owner-changed");
  }

  async #expectKnownChildren({ root, path }: TreeEdit, directory: RootDirectory): Promise<void> {
    for (const name of await directory.list(path)) {
      const child = below(path, name);
      if (this.#edits.get(placeKey(root, child))?.after.type !== "absent") {
        throw new Obstacle(child, "directory-not-empty");
      }
    }
  }

  async #examineLink({ root, after }: TreeEdit, directory: RootDirectory): Promise<void> {
    if (after.type !== "file" || after.nameOf === undefined) return;
    directory.locate(after.nameOf);
    const { state, status } = observe(directory, after.nameOf);
    if (state.type !== "file" || status === undefined) throw new Obstacle(after.nameOf, "link-target-changed");
    const { sha256 } = await readObserved(directory, after.nameOf, status, hashOnly);
    if (sha256 !== after.sha256) throw new Obstacle(after.nameOf, "link-target-changed");
    this.found.set(placeKey(root, after.nameOf), status);
  }
}
