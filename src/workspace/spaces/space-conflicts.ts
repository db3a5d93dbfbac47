import type { BlobFiles } from "../../base/blob-files.ts";
import { labelOf } from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices } from "../../base/pace.ts";
import type { ChangeEntry, Conflict } from "../changes/change-set.ts";
import type { TreeEdit } from "../changes/node-state.ts";
import { withRoots } from "../files/root-directory.ts";
import { changedContents } from "../review/changed-contents.ts";
import { missingChoices, pathsOf } from "../review/selection.ts";
import { checkEdits, placeKey } from "../sync/check.ts";
import type { SpaceManifest } from "./space-manifest.ts";

interface Parts {
  readonly blobs: BlobFiles;
  readonly hidden: HiddenPlaces;
}

/** What stands in the way of these entries on the host as it is now. */
export async function conflictsOf(
  { blobs, hidden }: Parts,
  { roots }: SpaceManifest,
  entries: readonly ChangeEntry[],
): Promise<Conflict[]> {
  const blocked: Conflict[] = [];
  const edits: TreeEdit[] = [];
  await inSlices(entries, ({ path, edit, blocked: reason }) => {
    if (reason === undefined) edits.push(edit);
    else blocked.push({ path, reason });
  });
  const found = await withRoots(
    roots,
    hidden,
    (directories) => checkEdits({ edits, directories, blobs, ownersMatter: true }),
    { mayBeMissing: true },
  );
  if (found.conflicts.length === 0) return blocked;
  const named = new Map<string, string>();
  await inSlices(entries, ({ edit, path }) => named.set(placeKey(edit.root, edit.path), path));
  await inSlices(found.conflicts, ({ root, obstacle: { path, reason } }) =>
    blocked.push({ path: named.get(placeKey(root, path)) ?? labelOf(path), reason }),
  );
  return blocked;
}

/** Leaves out what cannot be applied, and what cannot be without that. */
export async function withoutConflicts(
  parts: Parts,
  pending: SpaceManifest,
  chosen: readonly ChangeEntry[],
): Promise<{ possible: readonly ChangeEntry[]; conflicts: Conflict[] }> {
  const conflicts = await conflictsOf(parts, pending, chosen);
  conflicts.push(...(await changedContents(chosen, parts.blobs)));
  const out = new Set(conflicts.map(({ path }) => path));
  for (;;) {
    const possible: ChangeEntry[] = [];
    await inSlices(chosen, (entry) => void (out.has(entry.path) || possible.push(entry)));
    const needy = await missingChoices(pending.entries, await pathsOf(possible));
    if (needy.length === 0 || possible.length === 0) return { possible, conflicts };
    for (const { neededBy } of needy) {
      if (!out.has(neededBy)) conflicts.push({ path: neededBy, reason: "needs-another" });
      out.add(neededBy);
    }
  }
}
