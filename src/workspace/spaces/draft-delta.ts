import type { ByteString } from "../../base/byte-string.ts";
import type { Json } from "../../base/json.ts";
import { inSlices, mapInSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import { type Draft, draftChanges, placeOf } from "../changes/drafts.ts";
import { type DraftedEdit, draftEdit, otherName } from "../changes/edits.ts";
import { hostPathOf } from "../changes/entries.ts";
import { hasSameContent, type NodeState } from "../changes/node-state.ts";
import type { Ground } from "../changes/proposal.ts";
import type { ProposedChange, Root } from "../changes/proposed-change.ts";
import type { ConflictReason } from "../files/obstacle.ts";
import { withRoots } from "../files/root-directory.ts";
import { PARALLEL_FILES } from "../limits.ts";
import { type SpaceEntries, withContents } from "./space-entries.ts";
import { type Author, type DeltaEdit, joinLabels } from "./space-entry.ts";

export interface DeltaSource {
  readonly changes: readonly ProposedChange[];
  /** With real paths. */
  readonly roots: readonly Root[];
  /** The workspace as the run saw it. */
  readonly base: SpaceEntries;
  readonly by: Author;
  readonly labels: readonly Json[];
}

export interface DraftedDelta {
  readonly edits: readonly DeltaEdit[];
  /** What can be in no workspace: neither another run nor the host could ever have it. */
  readonly dropped: readonly { readonly path: ByteString; readonly reason: ConflictReason }[];
}

const NEVER_KEPT: ReadonlySet<ConflictReason | undefined> = new Set([
  "reserved-name",
  "inexact-name",
  "unsupported-type",
  "hidden-place",
]);

/** Compares a run's list of changes with what the run saw, and keeps the contents. Throws ZtlError for what no sandbox reports. */
export async function draftDelta(
  source: DeltaSource,
  { blobs, hidden }: Pick<Ground, "blobs" | "hidden">,
): Promise<DraftedDelta> {
  const { roots, base } = source;
  const drafts = await draftChanges(source.changes, roots);
  const drafted: DraftedEdit[] = [];
  await withRoots(roots, hidden, async (directories) => {
    await inParallel([...drafts.entries()], PARALLEL_FILES, async ([index, draft]) => {
      const directory = directories[draft.root];
      const seen = base.get(hostPathOf(draft, roots))?.after;
      if (directory !== undefined) drafted[index] = await draftEdit(draft, directory, blobs, seen);
    });
  });
  await blobs.settle();
  const kept = drafted.filter(({ blocked }) => !NEVER_KEPT.has(blocked));
  return {
    edits: await toDeltaEdits(kept, source),
    dropped: drafted.flatMap(({ edit, blocked }) =>
      blocked !== undefined && NEVER_KEPT.has(blocked) ? [{ path: hostPathOf(edit, roots), reason: blocked }] : [],
    ),
  };
}

async function toDeltaEdits(
  drafted: readonly DraftedEdit[],
  { roots, base, by, labels }: DeltaSource,
): Promise<DeltaEdit[]> {
  const byPath = new Map<ByteString, DraftedEdit>();
  await inSlices(drafted, (one) => byPath.set(hostPathOf(one.edit, roots), one));
  const contents = await labelsByContent(drafted, base);
  const after = (path: ByteString, { edit, draft }: DraftedEdit): NodeState => {
    const target = hostOf(draft.now?.linkOf, draft.now?.linkOfBytes, roots);
    if (edit.after.type !== "file") return edit.after;
    const own = { ...edit.after, inode: inodeOf(path, edit.before, by) };
    return target === undefined || target === path ? own : { ...own, ...linkTo(target, byPath.get(target), base, by) };
  };
  return await mapInSlices(byPath, ([path, one]) => ({
    path,
    before: one.edit.before,
    after: after(path, one),
    by,
    labels: labelsOf(path, one, contents, { roots, base, labels }),
    ...namesOf(one.draft, roots),
    ...(one.baseNames > 1 && { baseNames: one.baseNames }),
    ...mtimeOf(one.draft),
    ...(one.isBinary && { isBinary: true as const }),
    ...(one.blocked && { blocked: one.blocked }),
  }));
}

/**
 * A run need not read what it moves, links to, appends to or copies: such a file keeps the labels of whoever wrote it, beside those
 * of the run.
 */
function labelsOf(
  path: ByteString,
  { draft, edit: { after } }: DraftedEdit,
  contents: ReadonlyMap<string, readonly Json[]>,
  { roots, base, labels }: Pick<DeltaSource, "roots" | "base" | "labels">,
): readonly Json[] {
  if (after.type === "absent") return labels;
  const { renamedFrom, linkOf } = namesOf(draft, roots);
  const origins = [path, renamedFrom, linkOf].map((one) => (one === undefined ? undefined : base.get(one)?.labels));
  return joinLabels(labels, ...origins, after.type === "file" ? contents.get(after.sha256) : undefined);
}

/** Of contents that the run left somewhere and that lay in the workspace before. */
async function labelsByContent(
  drafted: readonly DraftedEdit[],
  base: SpaceEntries,
): Promise<Map<string, readonly Json[]>> {
  const left = new Set<string>();
  await inSlices(drafted, ({ edit: { after } }) => {
    if (after.type === "file" && after.sizeBytes > 0) left.add(after.sha256);
  });
  const found = new Map<string, readonly Json[]>();
  if (left.size === 0) return found;
  await inSlices(await withContents(base, left), ({ sha256, entry: { labels } }) =>
    found.set(sha256, joinLabels(labels, found.get(sha256))),
  );
  return found;
}

function mtimeOf({ now }: Draft): Pick<DeltaEdit, "mtimeNs"> {
  // A file's is part of its state.
  return now?.mtimeNs === undefined || now.fileType === "file" ? {} : { mtimeNs: now.mtimeNs };
}

/** Which names are one file is said by equal inodes. That of a new file is the run's alone, so that no later file has it. */
function inodeOf(path: ByteString, before: NodeState, { runId }: Author): string {
  return before.type === "file" && before.inode !== undefined ? before.inode : `new:${runId}:${path}`;
}

function linkTo(
  target: ByteString,
  listed: DraftedEdit | undefined,
  base: SpaceEntries,
  by: Author,
): { inode: string } | { nameOf: ByteString } {
  const earlier = base.get(target)?.after;
  if (earlier?.type === "file" && earlier.nameOf === undefined) return { inode: inodeOf(target, earlier, by) };
  if (listed !== undefined && !hasSameContent(listed.edit.before, listed.edit.after))
    return { inode: inodeOf(target, listed.edit.before, by) };
  return { nameOf: target };
}

function namesOf({ now }: Draft, roots: readonly Root[]): Pick<DeltaEdit, "renamedFrom" | "linkOf"> {
  const renamedFrom = hostOf(now?.renamedFrom, now?.renamedFromBytes, roots);
  const linkOf = hostOf(now?.linkOf, now?.linkOfBytes, roots);
  return { ...(renamedFrom !== undefined && { renamedFrom }), ...(linkOf !== undefined && { linkOf }) };
}

function hostOf(
  text: string | undefined,
  bytes: Uint8Array | undefined,
  roots: readonly Root[],
): ByteString | undefined {
  const guest = otherName(text, bytes);
  const place = guest === undefined ? undefined : placeOf(guest, roots);
  return place === undefined ? undefined : hostPathOf(place, roots);
}
