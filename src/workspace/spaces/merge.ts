import { type ByteString, parentOf } from "../../base/byte-string.ts";
import { inSlices, Pace, sortedInSlices } from "../../base/pace.ts";
import type { FileState, NodeState } from "../changes/node-state.ts";
import type { SpaceEntries } from "./space-entries.ts";
import { type Author, type DeltaEdit, isSameState, joinLabels, type SpaceEntry } from "./space-entry.ts";

export type MergeConflictReason =
  /** Both changed it, in ways that cannot be put together. */
  | "changed-by-another-call"
  /** The directory it is in was deleted or replaced meanwhile. */
  | "directory-gone"
  /** The directory that was deleted has files that another call has made or changed meanwhile. */
  | "directory-in-use";

/** A path at which the later call's work was not taken. */
export interface MergeConflict {
  readonly path: ByteString;
  readonly reason: MergeConflictReason;
  /** Whose work stands there; absent when only the host or the tree stands against it. */
  readonly by?: Author;
  /** What the later call would have left there. */
  readonly refused: DeltaEdit;
}

export interface Merged {
  /** Entries as they are to be from now on; undefined for a path that is as the host has it again. */
  readonly entries: ReadonlyMap<ByteString, SpaceEntry | undefined>;
  /** Paths of texts that were put together line by line. */
  readonly joined: readonly ByteString[];
  readonly conflicts: readonly MergeConflict[];
}

/** Puts two changes of one text together; undefined when that cannot be. Returns the content's hash and size. */
export type JoinTexts = (
  base: FileState,
  ours: FileState,
  theirs: FileState,
) => Promise<Pick<FileState, "sha256" | "sizeBytes"> | undefined>;

export interface MergeOrder {
  /** The workspace as the call saw it. */
  readonly base: SpaceEntries;
  /** As it is by now. */
  readonly current: SpaceEntries;
  readonly delta: readonly DeltaEdit[];
  readonly join: JoinTexts;
}

/**
 * Lays a call's delta over what the workspace has by now. A path is taken when it is still what the call saw; what others changed
 * meanwhile is put together where that is possible, and is a conflict of that path alone where it is not: then the earlier work stands.
 */
export async function mergeDelta({ base, current, delta, join }: MergeOrder): Promise<Merged> {
  const merge = new Merge(base, current, join);
  const sorted = await sortedInSlices(delta, (a, b) => (a.path < b.path ? -1 : 1));
  const pace = new Pace();
  for (const edit of sorted) {
    await merge.take(edit);
    if (pace.isOver) await pace.rest();
  }
  await merge.keepTreeWhole(sorted);
  return merge;
}

class Merge implements Merged {
  readonly entries = new Map<ByteString, SpaceEntry | undefined>();
  readonly joined: ByteString[] = [];
  readonly conflicts: MergeConflict[] = [];
  readonly #base: SpaceEntries;
  readonly #current: SpaceEntries;
  readonly #join: JoinTexts;

  constructor(base: SpaceEntries, current: SpaceEntries, join: JoinTexts) {
    this.#base = base;
    this.#current = current;
    this.#join = join;
  }

  async take(edit: DeltaEdit): Promise<void> {
    const found = this.#current.get(edit.path);
    const now = found?.after ?? this.#hostState(edit);
    if (isSameState(now, edit.after) && !changesLinks(now, edit.after) && !changesTime(now, edit.after)) return;
    const after = isSameState(now, edit.before) ? edit.after : await this.#join3(edit, now);
    if (after === undefined) this.#refuse(edit, "changed-by-another-call");
    else this.#set(edit, after);
  }

  /** Parents come first: what a name is in decides before the name does. Then directories that go, deepest first. */
  async keepTreeWhole(sorted: readonly DeltaEdit[]): Promise<void> {
    const leaving: DeltaEdit[] = [];
    await inSlices(sorted, (edit) => {
      if (this.entries.has(edit.path) && edit.after.type !== "absent" && this.#isParentGone(edit.path))
        this.#refuse(edit, "directory-gone");
    });
    await inSlices(sorted, (edit) => {
      if (this.#losesDirectory(edit.path)) leaving.push(edit);
    });
    if (leaving.length === 0) return;
    const living = await this.#livingChildren();
    for (const edit of leaving.reverse()) {
      const parent = parentOf(edit.path);
      if ((living.get(edit.path) ?? 0) > 0) {
        this.#refuse(edit, "directory-in-use");
        // It stays, and so the directory it is in has to.
        living.set(parent, (living.get(parent) ?? 0) + 1);
      }
    }
  }

  #stateOf(path: ByteString): NodeState | undefined {
    const entry = this.entries.has(path) ? this.entries.get(path) : this.#current.get(path);
    if (entry !== undefined) return entry.after;
    return this.#current.get(path)?.before ?? this.#base.get(path)?.before;
  }

  /** What the host had there when the call began: what the call saw, unless that was the workspace's. */
  #hostState({ path, before }: DeltaEdit): NodeState {
    return this.#base.get(path)?.before ?? before;
  }

  /** Unknown ancestors are the host's, and the call saw them. */
  #isParentGone(path: ByteString): boolean {
    for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
      const state = this.#stateOf(at);
      if (state !== undefined) return state.type !== "directory";
    }
    return false;
  }

  #losesDirectory(path: ByteString): boolean {
    if (!this.entries.has(path)) return false;
    const before = this.#current.get(path)?.after ?? this.entries.get(path)?.before;
    return before?.type === "directory" && this.#stateOf(path)?.type !== "directory";
  }

  /** How many names in each directory the workspace has something at, as it would be. */
  async #livingChildren(): Promise<Map<ByteString, number>> {
    const living = new Map<ByteString, number>();
    const count = (path: ByteString): void => {
      const state = this.#stateOf(path);
      if (state !== undefined && state.type !== "absent")
        living.set(parentOf(path), (living.get(parentOf(path)) ?? 0) + 1);
    };
    await inSlices(this.#current.keys(), count);
    await inSlices(this.entries.keys(), (path) => {
      if (!this.#current.has(path)) count(path);
    });
    // What the call wanted gone and another has changed stays as well.
    for (const { path, refused } of this.conflicts) {
      if (this.entries.has(path) || this.#current.has(path) || this.#hostState(refused).type === "absent") continue;
      living.set(parentOf(path), (living.get(parentOf(path)) ?? 0) + 1);
    }
    return living;
  }

  async #join3({ before, after }: DeltaEdit, now: NodeState): Promise<NodeState | undefined> {
    if (before.type !== "file" || after.type !== "file" || now.type !== "file") return undefined;
    const mode = pick(before.mode, now.mode, after.mode);
    const uid = pick(before.uid, now.uid, after.uid);
    const gid = pick(before.gid, now.gid, after.gid);
    if (mode === undefined || uid === undefined || gid === undefined) return undefined;
    const content = await this.#joinContents(before, now, after);
    return content && { ...now, ...content, mode, uid, gid };
  }

  async #joinContents(base: FileState, ours: FileState, theirs: FileState): ReturnType<JoinTexts> {
    const sha256 = pick(base.sha256, ours.sha256, theirs.sha256);
    if (sha256 === undefined) return await this.#join(base, ours, theirs);
    return { sha256, sizeBytes: sha256 === ours.sha256 ? ours.sizeBytes : theirs.sizeBytes };
  }

  #set(edit: DeltaEdit, after: NodeState): void {
    const { path, ...rest } = edit;
    const found = this.#current.get(path);
    const before = found?.before ?? this.#hostState(edit);
    if (after !== edit.after) this.joined.push(path);
    const { baseNames } = found ?? edit;
    const labels = joinLabels(edit.labels, found?.labels);
    const entry = {
      ...{ ...rest, before, after, labels, ...(baseNames !== undefined && { baseNames }) },
      // Put together with another change, the markers of a conflict are still in it.
      ...(after !== edit.after && found?.blocked === "conflict-markers" && { blocked: found.blocked }),
    };
    // Content that is as it was is no change any more; a time that was set on purpose is.
    const isTouched = isSameState(edit.before, edit.after) && changesTime(before, after);
    const isUndone = isSameState(before, after) && !changesLinks(before, after) && !isTouched;
    this.entries.set(path, isUndone ? undefined : entry);
  }

  #refuse(edit: DeltaEdit, reason: MergeConflictReason): void {
    this.entries.delete(edit.path);
    const by = this.#current.get(edit.path)?.by ?? this.#nearestAuthor(edit.path);
    this.conflicts.push({ path: edit.path, reason, ...(by && { by }), refused: edit });
  }

  #nearestAuthor(path: ByteString): Author | undefined {
    for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
      const entry = this.#current.get(at);
      if (entry !== undefined) return entry.by;
    }
    return undefined;
  }
}

/** The one that is not as it was; undefined when both moved, and to different values. */
export function pick<T>(base: T, ours: T, theirs: T): T | undefined {
  if (ours === base || ours === theirs) return theirs;
  return theirs === base ? ours : undefined;
}

/** A file that is said to be modified at another time. */
function changesTime(before: NodeState, after: NodeState): boolean {
  if (before.type !== "file" || after.type !== "file" || after.mtimeNs === undefined) return false;
  return before.mtimeNs !== after.mtimeNs;
}

/** A name that becomes one more name of another file, though its content stays. */
function changesLinks(before: NodeState, after: NodeState): boolean {
  return (
    after.type === "file" && after.nameOf !== undefined && (before.type !== "file" || before.nameOf !== after.nameOf)
  );
}
