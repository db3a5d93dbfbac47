import { inSlices, mapInSlices, setOf } from "../../base/pace.ts";
import type { ChangeEntry, ChangeSet } from "../changes/change-set.ts";
import type { TreeEdit } from "../changes/node-state.ts";
import { chosenOf, type MissingChoice, missingChoices, pathsOf } from "../review/selection.ts";

export type Reversal = "undo" | "redo";

export type ReversalChoice = { readonly status: "chosen"; readonly entries: readonly ChangeEntry[] } | ReversalRefusal;

/** Nothing was done: the choice of files is not one that can be undone, or done again. */
export type ReversalRefusal =
  /** Not among what is applied (undo) or undone (redo). */
  | { readonly status: "unknown-files"; readonly files: readonly string[] }
  | { readonly status: "nothing-chosen" }
  /** The choice cannot stand alone. */
  | { readonly status: "incomplete-selection"; readonly missing: readonly MissingChoice[] };

/** What of a set is to be undone, or done again: all that is applied or undone now, or these of it. */
export async function chooseReversal(
  set: ChangeSet,
  reversal: Reversal,
  files?: readonly string[],
): Promise<ReversalChoice> {
  const [chosen, undone] = [await setOf(set.chosen ?? []), await setOf(set.undone ?? [])];
  const open: ChangeEntry[] = [];
  await inSlices(set.entries, (entry) => {
    if (chosen.has(entry.path) && undone.has(entry.path) === (reversal === "redo")) open.push(entry);
  });
  const known = await pathsOf(open);
  const unknown = files?.filter((path) => !known.has(path)) ?? [];
  if (unknown.length > 0) return { status: "unknown-files", files: unknown };
  const wanted = files === undefined ? known : await setOf(files);
  if (wanted.size === 0) return { status: "nothing-chosen" };
  const asDone = await mapInSlices(open, (entry) => ({ ...entry, edit: editOf(entry, reversal) }));
  const missing = await missingChoices(asDone, wanted);
  if (missing.length > 0) return { status: "incomplete-selection", missing };
  return { status: "chosen", entries: await chosenOf(open, wanted) };
}

export function editOf({ edit }: ChangeEntry, operation: Reversal): TreeEdit {
  return operation === "undo" ? { ...edit, before: edit.after, after: edit.before } : edit;
}
