import { setImmediate as otherWork } from "node:timers/promises";
import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, parentOf } from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices, mapInSlices, sortedInSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import type { TreeEdit } from "../changes/node-state.ts";
import { Obstacle } from "../files/obstacle.ts";
import { type RootDirectory, type RootPlace, statusOf, withRoots } from "../files/root-directory.ts";
import { PARALLEL_FILES } from "../limits.ts";
import type { Journal, Operation } from "../state/journal.ts";
import { type Aside, NOTHING_ASIDE } from "./aside.ts";
import { type Checked, checkEdits, placeKey } from "./check.ts";
import { type Plan, planEdits, type Step } from "./plan.ts";
import { Staging, stageObject } from "./staging.ts";
import { type StepPlace, takeStep } from "./step.ts";
import { fingerprintOf } from "./take-back.ts";
import { spareAllWritten, takeAllBack } from "./way-back.ts";

export interface Application {
  readonly changeSetId: string;
  readonly operation: Operation;
  readonly roots: readonly RootPlace[];
  readonly edits: readonly TreeEdit[];
  /** A name for this attempt, and the files as the ledger will have them. */
  readonly attempt: string;
  readonly files: readonly string[];
  /** Indices of the entries that are undone when this is done. */
  readonly undone: readonly number[];
  /** Where nothing is changed. */
  readonly hidden: HiddenPlaces;
}

export interface FoundConflict {
  readonly root: number;
  readonly obstacle: Obstacle;
}

/** Whatever the status, `aside` is what somebody else did meanwhile, and how it was spared. */
export type ApplyResult =
  | { readonly status: "done"; readonly aside: Aside }
  | { readonly status: "conflict"; readonly conflicts: readonly FoundConflict[]; readonly aside: Aside }
  | { readonly status: "failed"; readonly error: Error; readonly aside: Aside };

/**
 * Brings the edits to the host: all of them, or (a conflict, an error thrown) none. The order is what survives a kill: check,
 * journal, stage, journal, steps, journal, clean up. Before the last journal entry a restart takes the steps back; after it,
 * it only cleans up.
 */
export async function applyEdits(application: Application, blobs: BlobFiles, journal: Journal): Promise<ApplyResult> {
  const { changeSetId, operation, hidden } = application;
  const rootPaths = application.roots.map(({ hostRoot }) => hostRoot);
  const edits = await sortedInSlices(application.edits, (a, b) => a.root - b.root || (a.path < b.path ? -1 : 1));
  return await withRoots(application.roots, hidden, async (directories) => {
    const checked = await checkEdits({ edits, directories, blobs, ownersMatter: operation === "sync" });
    if (checked.conflicts.length > 0) return { status: "conflict", conflicts: checked.conflicts, aside: NOTHING_ASIDE };
    const plan = await planEdits(edits);
    const roots = directories.map(({ inode }, i) => ({ path: rootPaths[i] as string, inode: String(inode) }));
    const found = await mapInSlices(plan.steps, (step) => foundBefore(step, checked));
    const objects = await mapInSlices(plan.objects, ({ state }) => state);
    const prepared = await journal.prepare(application.files);
    await journal.begin({ changeSetId, operation, roots, steps: plan.steps, objects, found });
    const attempt = new Attempt({ changeSetId, plan, directories, checked, rootPaths, found });
    try {
      await attempt.stage(blobs);
      journal.apply(changeSetId);
      await attempt.takeSteps();
      journal.commit(application, application.undone, prepared);
    } catch (error) {
      const aside = await attempt.takeBack();
      journal.takenBack(changeSetId, operation);
      await attempt.removeStaging();
      await journal.remove(changeSetId);
      await journal.drop(prepared);
      const root = attempt.failedRoot;
      if (error instanceof Obstacle) return { status: "conflict", conflicts: [{ root, obstacle: error }], aside };
      if (error instanceof Error) return { status: "failed", error, aside };
      throw error;
    }
    const aside = await attempt.spareWritten();
    await attempt.removeStaging();
    await journal.remove(changeSetId);
    return { status: "done", aside };
  });
}

function foundBefore({ do: kind, root, path }: Step, { found }: Checked): string {
  const status = kind === "remove" || kind === "replace" ? found.get(placeKey(root, path)) : undefined;
  return status === undefined ? "" : fingerprintOf(status);
}

interface AttemptParts {
  readonly changeSetId: string;
  readonly plan: Plan;
  readonly directories: readonly RootDirectory[];
  readonly checked: Checked;
  readonly rootPaths: readonly string[];
  readonly found: readonly string[];
}

class Attempt {
  readonly #changeSetId: string;
  readonly #plan: Plan;
  readonly #directories: readonly RootDirectory[];
  readonly #checked: Checked;
  readonly #rootPaths: readonly string[];
  readonly #found: readonly string[];
  readonly #stagings = new Map<number, Staging>();
  #taken = 0;
  failedRoot = 0;

  constructor({ changeSetId, plan, directories, checked, rootPaths, found }: AttemptParts) {
    this.#changeSetId = changeSetId;
    this.#plan = plan;
    this.#directories = directories;
    this.#checked = checked;
    this.#rootPaths = rootPaths;
    this.#found = found;
  }

  async stage(blobs: BlobFiles): Promise<void> {
    const roots = new Set<number>();
    await inSlices(this.#plan.steps, ({ root }) => roots.add(root));
    for (const root of roots) {
      this.failedRoot = root;
      this.#stagings.set(root, Staging.create(this.#directory(root), this.#changeSetId));
    }
    await inParallel([...this.#plan.objects.entries()], PARALLEL_FILES, async ([number, object]) => {
      const { root, state } = object;
      const target = state.type === "file" ? state.nameOf : undefined;
      const checked = target === undefined ? undefined : this.#checked.found.get(placeKey(root, target));
      this.failedRoot = root;
      await stageObject(object, this.#staging(root).newPath(number), this.#directory(root), blobs, checked);
    });
    for (const staging of this.#stagings.values()) await staging.sync();
  }

  async takeSteps(): Promise<void> {
    await inSlices(this.#plan.steps, (step, number) => {
      this.failedRoot = step.root;
      takeStep(step, this.#place(step, number));
      this.#taken = number + 1;
    });
    await this.#expectUnchanged();
    await this.#syncNames();
  }

  async takeBack(): Promise<Aside> {
    if (this.#stagings.size === 0) return NOTHING_ASIDE;
    const { steps, objects } = this.#plan;
    const failed = steps[this.#taken];
    // It may be half done; but to make or remove a directory is one system call, and it failed.
    const begun = failed === undefined || failed.do.endsWith("directory") ? this.#taken : this.#taken + 1;
    const aside = await takeAllBack({
      steps: steps.slice(0, begun),
      objects: objects.map(({ state }) => state),
      rootPaths: this.#rootPaths,
      directories: this.#directories,
      stagingOf: (root) => this.#staging(root),
    });
    await this.#syncNames();
    return aside;
  }

  /** Before what is kept goes: somebody may have written to it since it was looked at, through a descriptor of theirs. */
  async spareWritten(): Promise<Aside> {
    const { steps } = this.#plan;
    return await spareAllWritten({
      steps,
      found: this.#found,
      rootPaths: this.#rootPaths,
      placeOf: (step, number) => this.#place(step, number),
    });
  }

  async removeStaging(): Promise<void> {
    for (const staging of this.#stagings.values()) staging.close();
    for (const directory of this.#directories) await Staging.remove(directory, this.#changeSetId);
  }

  /** What was moved away must be what was checked; else somebody wrote to it meanwhile, and their work comes first. */
  async #expectUnchanged(): Promise<void> {
    await inSlices(this.#plan.steps, ({ do: kind, root, path }, number) => {
      if (kind !== "remove" && kind !== "replace") return;
      const kept = statusOf(this.#staging(root).oldPath(number));
      this.failedRoot = root;
      if (kept === undefined || fingerprintOf(kept) !== this.#found[number])
        throw new Obstacle(path, "changed-during-sync");
    });
  }

  async #syncNames(): Promise<void> {
    const parents = new Map<string, { root: number; path: ByteString }>();
    await inSlices(this.#plan.steps, ({ root, path }) => {
      parents.set(placeKey(root, parentOf(path)), { root, path: parentOf(path) });
    });
    for (const { root, path } of parents.values()) {
      // The disk is waited for with each.
      await otherWork();
      this.#directory(root).syncNames(path);
    }
  }

  #place(step: Step, number: number): StepPlace {
    return { directory: this.#directory(step.root), staging: this.#staging(step.root), number };
  }

  #directory(root: number): RootDirectory {
    return this.#directories[root] as RootDirectory;
  }

  #staging(root: number): Staging {
    return this.#stagings.get(root) as Staging;
  }
}
