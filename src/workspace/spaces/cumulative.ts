import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, bytesOf, textOf, toByteString } from "../../base/byte-string.ts";
import { placeOf } from "../changes/drafts.ts";
import { hostPathOf } from "../changes/entries.ts";
import { hasSameContent, type NodeState, type TreeEdit } from "../changes/node-state.ts";
import { toProposedChanges } from "../changes/pending.ts";
import type { ProposedChange, Root } from "../changes/proposed-change.ts";
import { hashOnly, observe, readObserved } from "../files/observation.ts";
import { type RootDirectory, withRoots } from "../files/root-directory.ts";
import { isSameState, type SpaceEntries } from "./space-entry.ts";
import { editOf, rootOf } from "./space-manifest.ts";

/**
 * The sandbox lays a list of changes under a run, and answers with all that differs from the host then. These two functions stand
 * between that and what a workspace is: what a run saw, and what it changed of that.
 */

/** What lies in directories that a run may change, as a list for the sandbox. `roots` have real host paths. */
export async function toPendingList(
  space: SpaceEntries,
  roots: readonly Root[],
  blobs: BlobFiles,
  isHostMoved = false,
): Promise<ProposedChange[]> {
  let edits = [...space].flatMap(([path, entry]) => {
    const root = rootOf(path, roots);
    return root === undefined ? [] : [editOf(path, entry, root, roots, space)];
  });
  if (isHostMoved) edits = await overTheHostOfNow(edits, roots);
  edits.sort((a, b) => a.root - b.root || (a.path < b.path ? -1 : 1));
  return await toProposedChanges({ entries: edits.map((edit) => ({ edit })), roots }, blobs);
}

/** The sandbox takes changes only of what the host has; so what it has by now takes the place of what it had. */
async function overTheHostOfNow(edits: readonly TreeEdit[], roots: readonly Root[]): Promise<TreeEdit[]> {
  const paths = roots.map(({ hostRoot }) => hostRoot);
  return await withRoots(paths, undefined, async (directories) => {
    const moved: TreeEdit[] = [];
    for (const edit of edits) {
      const directory = directories[edit.root] as RootDirectory;
      const { state, status } = observe(directory, edit.path);
      const isFile = state.type === "file" && status !== undefined;
      const hash = isFile ? (await readObserved(directory, edit.path, status, hashOnly)).sha256 : "";
      const before = state.type === "file" ? { ...state, sha256: hash } : state;
      if (!isSameState(before, edit.after)) moved.push({ ...edit, before });
    }
    return moved;
  });
}

interface Pair {
  readonly gone?: ProposedChange;
  readonly now?: ProposedChange;
}

/** What a run changed of what it saw, given the list it was given and the one it answered with. */
export function deltaOf(
  space: SpaceEntries,
  roots: readonly Root[],
  given: readonly ProposedChange[],
  answered: readonly ProposedChange[],
): ProposedChange[] {
  const [before, after] = [pairsOf(given), pairsOf(answered)];
  const delta: ProposedChange[] = [];
  for (const [path, pair] of after) {
    const known = before.get(path);
    if (known === undefined) delta.push(...[pair.gone, pair.now].filter((one) => one !== undefined));
    else if (!isSamePair(known, pair)) delta.push(...changed(path, pair, stateIn(space, path, roots)?.after));
  }
  for (const path of before.keys()) {
    const entry = after.has(path) ? undefined : stateIn(space, path, roots);
    if (entry !== undefined) delta.push(...broughtBack(path, entry.after, entry.before));
  }
  return delta;
}

function pairsOf(changes: readonly ProposedChange[]): Map<ByteString, Pair> {
  const pairs = new Map<ByteString, Pair>();
  for (const change of changes) {
    const path = toByteString(change.path, change.pathBytes);
    pairs.set(path, { ...pairs.get(path), [change.kind === "delete" ? "gone" : "now"]: change });
  }
  return pairs;
}

function isSamePair(a: Pair, b: Pair): boolean {
  if (a.now === undefined || b.now === undefined) return a.now === b.now;
  const facts = ({ fileType, mode, uid, gid, symlinkTarget, newSha256, mtimeNs }: ProposedChange): string =>
    JSON.stringify([fileType, mode, uid, gid, symlinkTarget, newSha256, mtimeNs?.toString()]);
  return facts(a.now) === facts(b.now);
}

function stateIn(
  space: SpaceEntries,
  guestPath: ByteString,
  roots: readonly Root[],
): { readonly before: NodeState; readonly after: NodeState } | undefined {
  const place = placeOf(guestPath, roots);
  return place === undefined ? undefined : space.get(hostPathOf(place, roots));
}

/** The host's words for a change, turned into those for a change of what an earlier run left. */
function changed(path: ByteString, { now }: Pair, saw: NodeState | undefined): ProposedChange[] {
  if (saw === undefined) return now === undefined ? [] : [now];
  const gone = saw.type !== "absent" && saw.type !== now?.fileType ? [goneOf(path, saw)] : [];
  if (now === undefined) return gone;
  const { baseSha256: _, metadataOnly: __, kind: ___, ...facts } = now;
  if (saw.type !== now.fileType) return [...gone, { ...facts, kind: "add" }];
  const isSame = saw.type !== "file" || now.newSha256 === saw.sha256;
  const base = saw.type === "file" ? { baseSha256: saw.sha256 } : {};
  const { content, ...plain } = facts;
  return [{ ...plain, ...base, kind: "modify", ...(isSame ? {} : { ...(content && { content }) }) }];
}

function goneOf(path: ByteString, saw: NodeState): ProposedChange {
  return {
    ...nameOf(path),
    kind: "delete",
    fileType: saw.type as ProposedChange["fileType"],
    ...(saw.type === "file" && { baseSha256: saw.sha256 }),
  };
}

/** The run undid what an earlier one had done: the host's state is there again. */
function broughtBack(path: ByteString, saw: NodeState, host: NodeState): ProposedChange[] {
  const isReplaced = saw.type !== "absent" && saw.type !== host.type;
  const gone = isReplaced ? [goneOf(path, saw)] : [];
  if (host.type === "absent") return gone;
  return [
    ...gone,
    {
      ...nameOf(path),
      kind: saw.type === host.type ? "modify" : "add",
      fileType: host.type,
      ...("uid" in host && { uid: host.uid, gid: host.gid }),
      ...("mode" in host && { mode: host.mode }),
      ...(host.type === "symlink" && {
        symlinkTarget: textOf(host.target),
        symlinkTargetBytes: new Uint8Array(bytesOf(host.target)),
      }),
      ...(saw.type === "file" && host.type === "file" && { baseSha256: saw.sha256 }),
      ...(host.type === "file" && !hasSameContent(saw, host) && { newSha256: host.sha256, sizeBytes: host.sizeBytes }),
    },
  ];
}

function nameOf(path: ByteString): Pick<ProposedChange, "path" | "pathBytes"> {
  return { path: textOf(path), pathBytes: new Uint8Array(bytesOf(path)) };
}
