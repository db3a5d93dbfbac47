import type { BlobFiles } from "../../base/blob-files.ts";
import { defined } from "../../base/optional.ts";
import { inSlices } from "../../base/pace.ts";
import type { ChangeEntry, ChangeSet, ChangeSetState, ChangeSetSummary, Conflict } from "../changes/change-set.ts";
import type { ChangeSets } from "../state/change-sets.ts";
import { changedContents } from "./changed-contents.ts";
import { chosenOf, type MissingChoice, missingChoices, pathsOf } from "./selection.ts";

export interface ApproveOptions {
  /** The hash of what the reviewer saw. */
  readonly hash: string;
  readonly reviewer: string;
  /** Entries by `path`; all when absent. */
  readonly files?: readonly string[];
  /** Each protected entry that is agreed to, by `path`. */
  readonly protectedFiles?: readonly string[];
  readonly message?: string;
}

/** Whatever is not `approved` left the change set as it was. */
export type ApproveResult =
  | {
      readonly status: "approved";
      readonly changeSet: ChangeSet;
      /** Chosen too, but not possible: these wait on. */
      readonly left?: readonly Conflict[];
    }
  /** Something else was shown than is there now. */
  | { readonly status: "stale"; readonly hash: string }
  | Decided
  | { readonly status: "expired" }
  /** Entries that `protectedFiles` has to name. */
  | {
      readonly status: "protected";
      readonly files: readonly { readonly path: string; readonly reasons: readonly string[] }[];
    }
  | { readonly status: "unknown-files"; readonly files: readonly string[] }
  | { readonly status: "nothing-chosen" }
  /** The choice cannot stand alone. */
  | { readonly status: "incomplete-selection"; readonly missing: readonly MissingChoice[] }
  /** These of the choice cannot be applied; without them the rest can be approved. */
  | { readonly status: "conflict"; readonly conflicts: readonly Conflict[] };

/** Somebody, or time, was faster. */
export interface Decided {
  readonly status: "not-pending";
  readonly state: ChangeSetState;
  readonly decidedBy?: string;
  readonly decidedAt?: number;
}

export type RejectResult = { readonly status: "rejected" } | { readonly status: "expired" } | Decided;

export function decided({ state, decidedBy, decidedAt }: ChangeSetSummary): Decided {
  return {
    status: "not-pending",
    state,
    ...defined({ decidedBy, decidedAt }),
  };
}

/** Checks the reviewer's choice, then decides; of two reviewers at once exactly one does. */
export async function approveChangeSet(
  set: ChangeSet,
  options: ApproveOptions,
  { sets, blobs }: { readonly sets: ChangeSets; readonly blobs: BlobFiles },
  now: number,
): Promise<ApproveResult> {
  if (set.state !== "pending") return decided(set);
  if (set.hash !== options.hash) return { status: "stale", hash: set.hash };
  if (set.expiresAt <= now) return { status: "expired" };
  const selected = await selectEntries(set.entries, options);
  if (selected.status !== "selected") return selected;
  const { chosen } = selected;
  const indices: number[] = [];
  await inSlices(set.entries, ({ path }, index) => {
    if (chosen.has(path)) indices.push(index);
  });
  const conflicts = await changedContents(await chosenOf(set.entries, chosen), blobs);
  if (conflicts.length > 0) return { status: "conflict", conflicts };
  const { reviewer: by, message } = options;
  const isOurs = sets.decide(set.id, { state: "approved", at: now, by, message, chosen: indices });
  const after = (await sets.get(set.id)) ?? set;
  return isOurs ? { status: "approved", changeSet: after } : decided(after);
}

export type Selected =
  | { readonly status: "selected"; readonly chosen: ReadonlySet<string> }
  | Extract<ApproveResult, { status: "protected" | "unknown-files" | "nothing-chosen" | "incomplete-selection" }>;

/** Whether a choice of entries can be agreed to: it names what is there, can stand alone, and says yes to each protected path. */
export async function selectEntries(
  entries: readonly ChangeEntry[],
  options: Pick<ApproveOptions, "files" | "protectedFiles">,
): Promise<Selected> {
  const known = await pathsOf(entries);
  const unknown = [...(options.files ?? []), ...(options.protectedFiles ?? [])].filter((path) => !known.has(path));
  if (unknown.length > 0) return { status: "unknown-files", files: unknown };
  const chosen = options.files === undefined ? known : new Set(options.files);
  if (chosen.size === 0) return { status: "nothing-chosen" };
  const missing = await missingChoices(entries, chosen);
  if (missing.length > 0) return { status: "incomplete-selection", missing };
  const agreed = new Set(options.protectedFiles);
  const refused: ChangeEntry[] = [];
  await inSlices(entries, (entry) => {
    const { path, protectedBecause } = entry;
    if (protectedBecause.length > 0 && chosen.has(path) && !agreed.has(path)) refused.push(entry);
  });
  if (refused.length > 0) {
    return {
      status: "protected",
      files: refused.map(({ path, protectedBecause }) => ({ path, reasons: protectedBecause })),
    };
  }
  return { status: "selected", chosen };
}
