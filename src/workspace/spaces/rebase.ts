import type { BlobFiles } from "../../base/blob-files.ts";
import type { ByteString } from "../../base/byte-string.ts";
import { memorySource } from "../../base/content.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import { type FileState, isUnsupported, type NodeState, type TreeEdit } from "../changes/node-state.ts";
import type { Root } from "../changes/proposed-change.ts";
import { hashOnly, observe, readObserved } from "../files/observation.ts";
import { type ConflictReason, Obstacle } from "../files/obstacle.ts";
import { type RootDirectory, type Status, withRoots } from "../files/root-directory.ts";
import { MERGED_TEXT_BYTES_MAX, PARALLEL_FILES } from "../limits.ts";
import { type JoinTexts, pick } from "./merge.ts";
import type { SpaceEntries } from "./space-entries.ts";
import { isSameState, type SpaceEntry } from "./space-entry.ts";
import type { SpaceManifest } from "./space-manifest.ts";
import { markConflicts } from "./text-marks.ts";

/**
 * Whose version of a file is to go on when the host's has changed since the agent changed it: both, put together line by line; the
 * host's, so that the agent's change is dropped; or the workspace's, in the place of what the host has by now.
 */
export type RebaseTake = "merge" | "host" | "workspace";

/**
 * `merged`: both changes are in. `marked`: they meet; both stand in the file, between markers, and it cannot be applied until somebody
 * has decided between them. `dropped`: the host's file stays. `kept`: the workspace's goes on, over what the host has now.
 */
export interface RebasedFile {
  /** As the review names it. */
  readonly path: string;
  readonly became: "merged" | "marked" | "dropped" | "kept";
}

/** It cannot be merged, such as two versions of a picture: somebody has to say which of the two it is to be. */
export interface UnmergedFile {
  readonly path: string;
  readonly reason: ConflictReason;
}

/** An entry that is to be laid over the host's state of now. */
export interface RebaseItem {
  readonly path: string;
  readonly hostPath: ByteString;
  readonly edit: TreeEdit;
  readonly entry: SpaceEntry;
}

export interface RebaseOrder {
  readonly take: RebaseTake;
  readonly blobs: BlobFiles;
  readonly hidden: HiddenPlaces;
  readonly join: JoinTexts;
}

export interface Rebased {
  readonly changes: ReadonlyMap<ByteString, SpaceEntry | undefined>;
  readonly files: readonly RebasedFile[];
  readonly unmerged: readonly UnmergedFile[];
}

type Outcome =
  | { readonly became: RebasedFile["became"]; readonly entry: SpaceEntry | undefined }
  | { readonly became: "unmerged"; readonly reason: ConflictReason };

interface HostNow {
  readonly state: NodeState;
  readonly status: Status | undefined;
}

interface Ground extends RebaseOrder {
  readonly directories: readonly RootDirectory[];
}

export async function itemsOf(
  { entries, paths }: Pick<SpaceManifest, "entries" | "paths">,
  space: SpaceEntries,
  chosen: ReadonlySet<string>,
): Promise<RebaseItem[]> {
  const items: RebaseItem[] = [];
  await inSlices(entries, ({ path, edit }, index) => {
    const hostPath = paths[index] as ByteString;
    const entry = chosen.has(path) ? space.get(hostPath) : undefined;
    if (entry !== undefined) items.push({ path, hostPath, edit, entry });
  });
  return items;
}

/** Looks at the host's files as they are now, and makes of each entry what it is to be over them. Nothing is written to the host. */
export async function rebase(
  roots: readonly Root[],
  items: readonly RebaseItem[],
  order: RebaseOrder,
): Promise<Rebased> {
  const outcomes: Outcome[] = [];
  await withRoots(roots, order.hidden, async (directories) => {
    const ground = { ...order, directories };
    const found: (HostNow | Outcome)[] = [];
    const inAll = (work: (index: number, item: RebaseItem) => Promise<void>): Promise<void> =>
      inParallel([...items.entries()], PARALLEL_FILES, ([index, item]) => work(index, item));
    await inAll(async (index, { edit }) => {
      found[index] = await hostNow(ground, edit).catch(asUnmerged);
    });
    // What was put can be read from now on.
    await order.blobs.settle();
    await inAll(async (index, item) => {
      const now = found[index] as HostNow | Outcome;
      outcomes[index] = "became" in now ? now : await rebaseItem(item, now, ground).catch(asUnmerged);
    });
  });
  await order.blobs.settle();
  const changes = new Map<ByteString, SpaceEntry | undefined>();
  const files: RebasedFile[] = [];
  const unmerged: UnmergedFile[] = [];
  await inSlices(items, ({ path, hostPath }, index) => {
    const outcome = outcomes[index] as Outcome;
    if (outcome.became === "unmerged") unmerged.push({ path, reason: outcome.reason });
    else {
      changes.set(hostPath, outcome.entry);
      files.push({ path, became: outcome.became });
    }
  });
  return { changes, files, unmerged };
}

function asUnmerged(error: unknown): Outcome {
  if (error instanceof Obstacle) return { became: "unmerged", reason: error.reason };
  throw error;
}

async function rebaseItem({ entry, edit }: RebaseItem, { state, status }: HostNow, ground: Ground): Promise<Outcome> {
  const { take } = ground;
  if (take === "host") return { became: "dropped", entry: undefined };
  if (isSameState(state, entry.after)) return { became: "dropped", entry: undefined };
  if (isUnsupported(state)) throw new Obstacle(edit.path, "unsupported-type");
  const over = overHost(entry, state, status);
  if (take === "workspace") return { became: "kept", entry: over };
  const { before, after } = entry;
  if (before.type !== "file" || after.type !== "file" || state.type !== "file")
    throw new Obstacle(edit.path, reasonOf(before, state));
  return await merge({ over, before, after, now: state, path: edit.path }, ground);
}

interface Meeting {
  readonly over: SpaceEntry;
  readonly before: FileState;
  readonly after: FileState;
  readonly now: FileState;
  readonly path: TreeEdit["path"];
}

async function merge(
  { over, before, after, now, path }: Meeting,
  { blobs, join }: Ground,
): Promise<{ readonly became: "merged" | "marked"; readonly entry: SpaceEntry }> {
  const owned = {
    // Where both set permissions, the agent's are what the reviewer is shown as the change.
    mode: pick(before.mode, now.mode, after.mode) ?? after.mode,
    uid: pick(before.uid, now.uid, after.uid) ?? after.uid,
    gid: pick(before.gid, now.gid, after.gid) ?? after.gid,
  };
  const { mtimeNs: _, ...untimed } = after;
  const made = { ...over, after: { ...untimed, ...owned } };
  const sha256 = pick(before.sha256, now.sha256, after.sha256);
  if (sha256 !== undefined) {
    const { sizeBytes } = sha256 === now.sha256 ? now : after;
    return { became: "merged", entry: { ...made, after: { ...made.after, sha256, sizeBytes } } };
  }
  const joined = await join(before, now, after);
  if (joined !== undefined) return { became: "merged", entry: { ...made, after: { ...made.after, ...joined } } };
  const marked = await mark(before, now, after, blobs);
  if (marked === undefined) throw new Obstacle(path, "content-changed");
  return { became: "marked", entry: { ...made, after: { ...made.after, ...marked }, blocked: "conflict-markers" } };
}

async function mark(
  base: FileState,
  now: FileState,
  after: FileState,
  blobs: BlobFiles,
): Promise<Pick<FileState, "sha256" | "sizeBytes"> | undefined> {
  const contents = await Promise.all([base, now, after].map((state) => contentOf(state, blobs)));
  // A base that nobody has kept leaves two versions with nothing in common.
  const [was = new Uint8Array(), ours, theirs] = contents;
  const text = ours && theirs && markConflicts(was, ours, theirs);
  return text === undefined ? undefined : await blobs.put(memorySource(text));
}

async function contentOf({ sha256, sizeBytes }: FileState, blobs: BlobFiles): Promise<Uint8Array | undefined> {
  return sha256 === "" || sizeBytes > MERGED_TEXT_BYTES_MAX
    ? undefined
    : await blobs.get(sha256, MERGED_TEXT_BYTES_MAX);
}

/** With the content's hash; what can be merged is kept, to be looked at beside the agent's and put back by an undo. */
async function hostNow({ directories, blobs }: Ground, { root, path }: TreeEdit): Promise<HostNow> {
  const directory = directories[root] as RootDirectory;
  const { state, status } = observe(directory, path);
  if (state.type !== "file" || status === undefined) return { state, status };
  const { sha256, sizeBytes } = await readObserved(directory, path, status, (source) =>
    state.sizeBytes <= MERGED_TEXT_BYTES_MAX ? blobs.put(source) : hashOnly(source),
  );
  return { state: { ...state, sha256, sizeBytes }, status };
}

/** The same change, of what the host has now. */
function overHost({ blocked: _, baseNames: __, ...entry }: SpaceEntry, now: NodeState, status: Status | undefined) {
  const isTimed = now.type === "file" && entry.after.type === "file" && entry.after.mtimeNs !== undefined;
  const names = now.type === "file" ? Number(status?.nlink ?? 1n) : 1;
  return {
    ...entry,
    before: isTimed && status !== undefined ? { ...now, mtimeNs: status.mtimeNs.toString() } : now,
    ...(names > 1 && { baseNames: names }),
  };
}

function reasonOf(before: NodeState, now: NodeState): ConflictReason {
  if (now.type === "absent") return "missing";
  if (before.type === "absent") return "already-exists";
  if (before.type !== now.type) return "type-changed";
  return now.type === "symlink" ? "link-target-changed" : "mode-changed";
}
