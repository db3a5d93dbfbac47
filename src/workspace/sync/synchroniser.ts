import { randomUUID } from "node:crypto";
import type { BlobFiles } from "../../base/blob-files.ts";
import { labelOf } from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices, mapInSlices, setOf } from "../../base/pace.ts";
import { errorCode } from "../../base/system-error.ts";
import { ZtlError } from "../../errors.ts";
import type { ChangeSet, ChangeSetState, Conflict } from "../changes/change-set.ts";
import { guestPathOf } from "../changes/entries.ts";
import type { TreeEdit } from "../changes/node-state.ts";
import { chosenOf } from "../review/selection.ts";
import type { ChangeSets } from "../state/change-sets.ts";
import type { Journal, Operation } from "../state/journal.ts";
import type { Turn } from "../state/turn.ts";
import { applyEdits, type FoundConflict } from "./application.ts";
import type { Aside } from "./aside.ts";
import { placeKey } from "./check.ts";
import { type Recovered, recoverAll, recoverWithUntold } from "./recovery.ts";
import { chooseReversal, editOf, type Reversal, type ReversalRefusal } from "./reversal.ts";

/** `aside`, where there is one: what somebody else did to these files meanwhile, and how it was spared. */
export type SyncResult =
  | { readonly status: "applied"; readonly files: readonly string[]; readonly aside?: Aside }
  /** The host is not what the run saw; nothing was changed, and the set is over. */
  | { readonly status: "conflict"; readonly conflicts: readonly Conflict[]; readonly aside?: Aside }
  /** The system refused (no permission, no space); nothing was changed, and it may be tried again. */
  | {
      readonly status: "failed";
      readonly error: { readonly code: string; readonly message: string };
      readonly aside?: Aside;
    }
  | { readonly status: "not-approved"; readonly state: ChangeSetState };

export type UndoResult =
  | { readonly status: "undone" | "redone"; readonly files: readonly string[]; readonly aside?: Aside }
  | ReversalRefusal
  | Extract<SyncResult, { status: "conflict" | "failed" }>
  | { readonly status: "not-applied"; readonly state: ChangeSetState };

export interface SynchroniserParts {
  readonly sets: ChangeSets;
  readonly journal: Journal;
  readonly blobs: BlobFiles;
  readonly turn: Turn;
  /** Where nothing is changed. */
  readonly hidden: HiddenPlaces;
}

/** Sync and undo, one at a time over all processes, each after whatever was interrupted has been ended. */
export class Synchroniser {
  readonly #sets: ChangeSets;
  readonly #journal: Journal;
  readonly #blobs: BlobFiles;
  readonly #turn: Turn;
  readonly #hidden: HiddenPlaces;
  readonly #recovered: Recovered[] = [];
  readonly #unreachable = new Set<string>();

  constructor({ sets, journal, blobs, turn, hidden }: SynchroniserParts) {
    this.#sets = sets;
    this.#journal = journal;
    this.#blobs = blobs;
    this.#turn = turn;
    this.#hidden = hidden;
  }

  async recover(): Promise<Recovered[]> {
    if (this.#journal.isEmpty) return [];
    return await this.#turn.take(() => recoverWithUntold(this.#journal));
  }

  /** The last thing done for good to a set that nobody has acknowledged; for the ledger, to know it by. */
  untold(id: string): string | undefined {
    return this.#journal.lastUntold(id);
  }

  /** It is recorded. */
  async acknowledge(attempt: string): Promise<void> {
    await this.#journal.told(attempt);
  }

  /** What was ended since, before a sync or an undo of this process; each is told once. */
  takeRecovered(): Recovered[] {
    return this.#recovered.splice(0);
  }

  async sync(id: string): Promise<SyncResult> {
    return await this.#turn.take(async () => {
      const set = await this.#settled(id);
      if (set.state !== "approved") return { status: "not-approved", state: set.state };
      const chosen = await chosenOf(set.entries, await setOf(set.chosen ?? []));
      const blocked = chosen.flatMap(({ path, blocked: reason }) => (reason === undefined ? [] : [{ path, reason }]));
      if (blocked.length > 0) return await this.#refuse(id, { conflicts: blocked });
      const edits = await mapInSlices(chosen, ({ edit }) => edit);
      const files = await mapInSlices(chosen, ({ path }) => path);
      const result = await this.#apply(set, { operation: "sync", edits, files, undone: new Set() });
      if (result.status === "conflict") return await this.#refuse(id, result);
      return result.status === "done" ? { ...result, status: "applied", files } : result;
    });
  }

  /** Takes back what is applied, or these files of it. */
  async undo(id: string, files?: readonly string[]): Promise<UndoResult> {
    return await this.#reverse(id, "undo", files);
  }

  /** Applies again what was undone, or these files of it. */
  async redo(id: string, files?: readonly string[]): Promise<UndoResult> {
    return await this.#reverse(id, "redo", files);
  }

  async #reverse(id: string, reversal: Reversal, files?: readonly string[]): Promise<UndoResult> {
    return await this.#turn.take(async () => {
      const set = await this.#settled(id);
      const isOpen = set.state === "applied" || (reversal === "redo" && set.state === "undone");
      if (!isOpen) return { status: "not-applied", state: set.state };
      const choice = await chooseReversal(set, reversal, files);
      if (choice.status !== "chosen") return choice;
      const paths = await mapInSlices(choice.entries, ({ path }) => path);
      const edits = await mapInSlices(choice.entries, (entry) => editOf(entry, reversal));
      const undone = await setOf(set.undone ?? []);
      await inSlices(paths, (path) => void (reversal === "undo" ? undone.add(path) : undone.delete(path)));
      const result = await this.#apply(set, { operation: reversal, edits, files: paths, undone });
      return result.status === "done"
        ? { ...result, status: reversal === "undo" ? "undone" : "redone", files: paths }
        : result;
    });
  }

  /** While nothing is being applied: for a decision about a set that is on its way. */
  async between<T>(id: string, work: () => Promise<T>): Promise<T> {
    return await this.#turn.take(async () => {
      await this.#settled(id);
      return await work();
    });
  }

  /** The set as it stands when all that was interrupted has been ended. */
  async #settled(id: string): Promise<ChangeSet> {
    this.#note(await recoverAll(this.#journal));
    const set = await this.#sets.get(id);
    if (set === undefined)
      throw new ZtlError("unknown-change-set", `There is no change set ${JSON.stringify(id)}`, { id });
    return set;
  }

  async #refuse(
    id: string,
    conflict: Omit<Extract<SyncResult, { status: "conflict" }>, "status">,
  ): Promise<SyncResult> {
    await this.#sets.markConflict(id, conflict.conflicts);
    return { ...conflict, status: "conflict" };
  }

  #note(recovered: readonly Recovered[]): void {
    // What cannot be reached is tried with each turn, and told once. What is finished is told by the next who opens the
    // workspace, if whoever did it was killed before.
    const isNew = (one: Recovered): boolean => one.outcome !== "unreachable" || !this.#unreachable.has(one.changeSetId);
    this.#recovered.push(...recovered.filter((one) => one.outcome !== "finished" && isNew(one)));
    for (const { outcome, changeSetId } of recovered) if (outcome === "unreachable") this.#unreachable.add(changeSetId);
  }

  async #apply(
    { id, roots, entries }: ChangeSet,
    { operation, edits, files, undone }: Doing,
  ): Promise<{ status: "done"; aside?: Aside } | Extract<SyncResult, { status: "conflict" | "failed" }>> {
    const toConflicts = (found: readonly FoundConflict[]): Conflict[] => {
      const named = new Map(entries.map(({ edit, path }) => [placeKey(edit.root, edit.path), path]));
      return found.map(({ root, obstacle: { path, reason } }) => ({
        path: named.get(placeKey(root, path)) ?? labelOf(guestPathOf({ root, path }, roots)),
        reason,
      }));
    };
    const isUndone: number[] = [];
    await inSlices(entries, ({ path }, index) => void (undone.has(path) && isUndone.push(index)));
    try {
      const application = {
        changeSetId: id,
        operation,
        roots,
        edits,
        attempt: randomUUID(),
        files,
        undone: isUndone,
        hidden: this.#hidden,
      };
      const outcome = await applyEdits(application, this.#blobs, this.#journal);
      const aside = outcome.aside.leftAlone.length === 0 ? {} : { aside: outcome.aside };
      if (outcome.status === "done") return { status: "done", ...aside };
      if (outcome.status === "failed") return { status: "failed", error: tellError(outcome.error), ...aside };
      return { status: "conflict", conflicts: toConflicts(outcome.conflicts), ...aside };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { status: "failed", error: tellError(error) };
    }
  }
}

interface Doing {
  readonly operation: Operation;
  readonly edits: readonly TreeEdit[];
  readonly files: readonly string[];
  /** Paths of all entries that are undone afterwards. */
  readonly undone: ReadonlySet<string>;
}

function tellError(error: Error): { code: string; message: string } {
  return { code: errorCode(error) ?? "unknown", message: error.message };
}
