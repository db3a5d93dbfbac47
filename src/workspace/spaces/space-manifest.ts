import { type ByteString, labelOf, toByteString } from "../../base/byte-string.ts";
import { inSlices, mapInSlices, sortedInSlices } from "../../base/pace.ts";
import type { ChangeEntry } from "../changes/change-set.ts";
import { guestPathOf, makeEntries } from "../changes/entries.ts";
import type { NodeState, TreeEdit } from "../changes/node-state.ts";
import type { Ground } from "../changes/proposal.ts";
import type { Root } from "../changes/proposed-change.ts";
import { isMountPoint, statusOf, withRoots } from "../files/root-directory.ts";
import type { SpaceEntries } from "./space-entries.ts";
import type { SpaceEntry } from "./space-entry.ts";

export interface SpaceManifest {
  readonly roots: readonly Root[];
  readonly entries: readonly ChangeEntry[];
  /** The host path of each entry, in the same order. */
  readonly paths: readonly ByteString[];
}

interface Placed {
  readonly path: ByteString;
  readonly entry: SpaceEntry;
  readonly root: number;
}

/**
 * A workspace as a reviewer sees it. Each path is named as the tool knows it that may change the outermost directory around it, or by
 * its host path where that would not be unique. It belongs to the outermost directory on the same file system. What is mounted or gone
 * on the host by now decides about the latter alone: names and their order are the same as long as the workspace is, since a decision
 * names what was shown by them.
 */
export async function manifestOf(
  known: readonly Root[],
  space: SpaceEntries,
  { protection, hidden }: Pick<Ground, "protection" | "hidden">,
): Promise<SpaceManifest> {
  const roots = rootsOf(known);
  const found: Placed[] = [];
  await inSlices(space, ([path, entry]) => {
    const root = rootOf(path, roots);
    if (root !== undefined) found.push({ path, entry, root });
  });
  const placed = await sortedInSlices(found, (a, b) => (a.path < b.path ? -1 : 1));
  return await withRoots(
    roots,
    hidden,
    async (directories) => {
      const guestOf = (path: ByteString | undefined): ByteString | undefined =>
        path === undefined ? undefined : guestNameOf(path, roots);
      const drafts = await mapInSlices(placed, ({ path, entry, root }) => ({
        edit: editOf(path, entry, root, roots, space),
        renamedFrom: guestOf(entry.renamedFrom),
        linkOf: guestOf(entry.linkOf),
        isBinary: entry.isBinary === true,
        blocked: entry.blocked,
        baseNames: entry.baseNames ?? 1,
        by: entry.by,
      }));
      const entries = await makeEntries(drafts, { roots, directories, protection });
      return { roots, entries, paths: placed.map(({ path }) => path) };
    },
    { mayBeMissing: true },
  );
}

/** The host paths of some of the entries. */
export async function hostPathsOf(
  { paths, entries }: Pick<SpaceManifest, "paths" | "entries">,
  chosen: readonly ChangeEntry[],
): Promise<readonly ByteString[]> {
  const isChosen = new Set(chosen);
  const found: ByteString[] = [];
  await inSlices(entries, (entry, index) => void (isChosen.has(entry) && found.push(paths[index] as ByteString)));
  return found;
}

/** A set is applied as a whole: a directory in which it changes nothing need not be there. */
export async function withRootsInUse(
  roots: readonly Root[],
  chosen: readonly ChangeEntry[],
): Promise<Pick<SpaceManifest, "roots" | "entries">> {
  const isUsed = new Set<number>();
  await inSlices(chosen, ({ edit }) => isUsed.add(edit.root));
  const used = [...isUsed].sort((a, b) => a - b);
  if (used.length === roots.length) return { roots, entries: chosen };
  const entries = await mapInSlices(chosen, (entry) => {
    return { ...entry, edit: { ...entry.edit, root: used.indexOf(entry.edit.root) } };
  });
  return { roots: used.map((index) => roots[index] as Root), entries };
}

export function editOf(
  path: ByteString,
  { before, after }: SpaceEntry,
  root: number,
  roots: readonly Root[],
  space: SpaceEntries,
): TreeEdit {
  const directory = roots[root] as Root;
  return { root, path: within(path, directory), before, after: linked(after, directory, space) };
}

/** A name of a host's file becomes that only while the host's file stays as it is, and lies in the same root. */
function linked(after: NodeState, root: Root, space: SpaceEntries): NodeState {
  if (after.type !== "file" || after.nameOf === undefined) return after;
  const { nameOf, ...own } = after;
  const host = toByteString(root.hostRoot);
  const isKept = !space.has(nameOf) && `${nameOf}`.startsWith(host === "/" ? "/" : `${host}/`);
  return isKept ? { ...own, nameOf: within(nameOf, root) } : own;
}

/** As the tool knows it whose directories these are; where none has it, as the host does. */
export function guestNameOf(path: ByteString, roots: readonly Root[]): ByteString {
  const root = rootOf(path, roots);
  return root === undefined ? path : guestPathOf({ root, path: within(path, roots[root] as Root) }, roots);
}

function within(path: ByteString, { hostRoot }: Root): ByteString {
  const host = toByteString(hostRoot);
  return path.slice(host === "/" ? 1 : host.length + 1) as ByteString;
}

export function rootOf(path: ByteString, roots: readonly Root[]): number | undefined {
  let best: number | undefined;
  for (const [index, { hostRoot }] of roots.entries()) {
    const host = toByteString(hostRoot);
    const isIn = host === "/" || path === host || path.startsWith(`${host}/`);
    if (isIn && (best === undefined || host.length > (roots[best]?.hostRoot.length ?? 0))) best = index;
  }
  return best;
}

/** Directories to change something in, each by the name that it has in the outermost one around it. */
function rootsOf(known: readonly Root[]): Root[] {
  const named = withUniqueNames(known.filter((root) => !known.some((other) => liesIn(root, other))));
  return onTheirFileSystems(known).map((root) => {
    return { ...root, guestRoot: labelOf(guestNameOf(toByteString(root.hostRoot), named)) };
  });
}

function liesIn({ hostRoot }: Root, other: Root): boolean {
  return hostRoot !== other.hostRoot && isBelow(hostRoot, other.hostRoot);
}

/** Without those that lie in another one on the same file system: a sync renames within a root. */
function onTheirFileSystems(known: readonly Root[]): Root[] {
  const sorted = known.toSorted((a, b) => a.hostRoot.length - b.hostRoot.length);
  const kept: { root: Root; device: bigint }[] = [];
  for (const root of sorted) {
    // A directory that is gone, or whose file system is, is a root of its own: what waits in it is still shown, and conflicts.
    const isGone = root.isMountPoint === true && !isMountPoint(root.hostRoot);
    const device = isGone ? -1n : (statusOf(root.hostRoot)?.dev ?? -1n);
    const around = kept.filter((one) => isBelow(root.hostRoot, one.root.hostRoot)).at(-1);
    if (around === undefined || around.device !== device) kept.push({ root, device });
  }
  return kept.map(({ root }) => root);
}

function withUniqueNames(roots: readonly Root[]): Root[] {
  const isAmbiguous = roots.some((a) => roots.some((b) => a !== b && isBelow(a.guestRoot, b.guestRoot)));
  return roots.map((root) => (isAmbiguous ? { ...root, guestRoot: root.hostRoot } : root));
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
