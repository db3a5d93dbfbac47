import { type ByteString, below, labelOf, nameOf, parentOf, textOf, toByteString } from "../../base/byte-string.ts";
import { inSlices, mapInSlices, Pace } from "../../base/pace.ts";
import type { ConflictReason } from "../files/obstacle.ts";
import type { RootDirectory } from "../files/root-directory.ts";
import { SIBLINGS_MAX } from "../limits.ts";
import type { ChangeEntry, ChangeKind } from "./change-set.ts";
import { type Place, placeOf } from "./drafts.ts";
import { type DraftedEdit, otherName } from "./edits.ts";
import { flagsOf } from "./flags.ts";
import { listOrNothing, withKeptNames } from "./kept-names.ts";
import { hasSameContent, type TreeEdit } from "./node-state.ts";
import type { Root } from "./proposed-change.ts";
import type { Protection } from "./protection.ts";

export interface EntryContext {
  readonly roots: readonly Root[];
  readonly directories: readonly RootDirectory[];
  readonly protection: Protection;
}

/** An edit with what a reviewer is told of beside it. Names are guest paths. */
export interface EntryDraft {
  readonly edit: TreeEdit;
  readonly renamedFrom: ByteString | undefined;
  readonly linkOf: ByteString | undefined;
  readonly isBinary: boolean;
  readonly blocked: ConflictReason | undefined;
  /** How many names the host's file has. */
  readonly baseNames: number;
  readonly by?: ChangeEntry["by"];
}

/** What a run's list says of names: links that are more names of one file become that. */
export async function toEntryDrafts(drafted: readonly DraftedEdit[], roots: readonly Root[]): Promise<EntryDraft[]> {
  const byPlace = await placed(drafted);
  return await mapInSlices(drafted, (one) => {
    const { now } = one.draft;
    return {
      ...one,
      edit: withLink(one, byPlace, roots),
      renamedFrom: otherName(now?.renamedFrom, now?.renamedFromBytes),
      linkOf: otherName(now?.linkOf, now?.linkOfBytes),
    };
  });
}

/** Puts together what belongs together (renames, hard links) and says what a reviewer should know of each path. */
export async function makeEntries(list: readonly EntryDraft[], context: EntryContext): Promise<ChangeEntry[]> {
  const { roots } = context;
  const drafted = await withKeptNames(list, context.directories);
  const byPlace = await placed(drafted);
  const renamedTo = new Map<string, ByteString>();
  await inSlices(drafted, ({ renamedFrom, edit }) => {
    const from = renamedFrom && placeOf(renamedFrom, roots);
    const old = from && byPlace.get(keyOf(from));
    if (from && old !== undefined) renamedTo.set(keyOf(from), guestPathOf(edit, roots));
  });
  const names = await SiblingNames.of(drafted, context.directories);
  const inodeNames = await countNames(drafted);
  const pace = new Pace();
  const entries: ChangeEntry[] = [];
  for (const { edit, renamedFrom: from, linkOf: link, isBinary, blocked, baseNames, by } of drafted) {
    if (pace.isOver) await pace.rest();
    const hostPath = hostPathOf(edit, roots);
    const to = renamedTo.get(keyOf(edit));
    const others = [from, link, to].flatMap((path) => (path ? hostPathsOf(path, roots) : []));
    const inode = edit.before.type === "file" ? edit.before.inode : undefined;
    const hasOtherNames = inode !== undefined && baseNames > (inodeNames.get(inode) ?? 0);
    entries.push({
      path: labelOf(guestPathOf(edit, roots)),
      hostPath: labelOf(hostPath),
      kind: kindOf(edit, from, link),
      edit,
      ...(from && { renamedFrom: labelOf(from) }),
      ...(to && { renamedTo: labelOf(to) }),
      ...(link && { linkOf: labelOf(link) }),
      ...(edit.after.type === "symlink" && { symlinkTarget: labelOf(edit.after.target) }),
      flags: flagsOf({ edit, isBinary, hasCaseClash: await names.hasClash(edit), hasOtherNames }),
      protectedBecause: context.protection.reasonsFor(edit, hostPath, others, hasOtherNames),
      ...(by && { by }),
      ...(blocked && { blocked }),
    });
  }
  return entries;
}

function keyOf({ root, path }: Place): string {
  return `${root}/${path}`;
}

async function placed<T extends { readonly edit: Place }>(drafted: readonly T[]): Promise<Map<string, T>> {
  const byPlace = new Map<string, T>();
  await inSlices(drafted, (one) => byPlace.set(keyOf(one.edit), one));
  return byPlace;
}

export function guestPathOf({ root, path }: Place, roots: readonly Root[]): ByteString {
  return below(toByteString(roots[root]?.guestRoot ?? ""), path);
}

export function hostPathOf({ root, path }: Place, roots: readonly Root[]): ByteString {
  return below(toByteString(roots[root]?.hostRoot ?? ""), path);
}

function hostPathsOf(guestPath: ByteString, roots: readonly Root[]): ByteString[] {
  const place = placeOf(guestPath, roots);
  return place === undefined ? [] : [hostPathOf(place, roots)];
}

function originOf(text: string | undefined, bytes: Uint8Array | undefined, roots: readonly Root[]): Place | undefined {
  const path = otherName(text, bytes);
  return path === undefined ? undefined : placeOf(path, roots);
}

/** A link becomes one more name of the listed file, or of the host's; where neither can be, a file of its own. */
function withLink(
  { draft, edit }: DraftedEdit,
  byPlace: ReadonlyMap<string, DraftedEdit>,
  roots: readonly Root[],
): TreeEdit {
  const target = originOf(draft.now?.linkOf, draft.now?.linkOfBytes, roots);
  if (target === undefined || target.root !== edit.root || edit.after.type !== "file") return edit;
  const listed = byPlace.get(keyOf(target))?.edit;
  if (listed === undefined) return { ...edit, after: { ...edit.after, nameOf: target.path } };
  if (listed.after.type !== "file" || listed.after.inode === undefined) return edit;
  // Changed in its permissions only, it stays the host's own file.
  if (hasSameContent(listed.before, listed.after)) return { ...edit, after: { ...edit.after, nameOf: target.path } };
  return { ...edit, after: { ...edit.after, inode: listed.after.inode } };
}

function kindOf({ before, after }: TreeEdit, from: string | undefined, link: string | undefined): ChangeKind {
  if (after.type === "absent") return "delete";
  if (before.type === "absent") {
    if (from) return "rename";
    if (link) return "hard-link";
    return after.type === "symlink" ? "symlink" : "add";
  }
  if (before.type !== after.type) return "type-change";
  if (hasSameContent(before, after)) return "mode";
  return after.type === "symlink" ? "symlink" : "modify";
}

/** How many paths of the list lead to each inode of the host. */
async function countNames(drafted: readonly EntryDraft[]): Promise<Map<string, number>> {
  const names = new Map<string, number>();
  await inSlices(drafted, ({ edit: { before } }) => {
    if (before.type === "file" && before.inode !== undefined)
      names.set(before.inode, (names.get(before.inode) ?? 0) + 1);
  });
  return names;
}

/** The names of each directory as they would be, to find those that differ in case only. */
class SiblingNames {
  readonly #removed = new Set<string>();
  readonly #added = new Map<string, ByteString[]>();
  readonly #directories: readonly RootDirectory[];
  readonly #folded = new Map<string, Map<string, number>>();

  private constructor(directories: readonly RootDirectory[]) {
    this.#directories = directories;
  }

  static async of(drafted: readonly EntryDraft[], directories: readonly RootDirectory[]): Promise<SiblingNames> {
    const names = new SiblingNames(directories);
    await inSlices(drafted, ({ edit }) => names.#note(edit));
    return names;
  }

  #note(edit: TreeEdit): void {
    const parent = keyOf({ root: edit.root, path: parentOf(edit.path) });
    if (edit.after.type === "absent") this.#removed.add(keyOf(edit));
    else if (edit.before.type === "absent") {
      const names = this.#added.get(parent);
      if (names === undefined) this.#added.set(parent, [nameOf(edit.path)]);
      else names.push(nameOf(edit.path));
    }
  }

  async hasClash(edit: TreeEdit): Promise<boolean> {
    if (edit.before.type !== "absent" || edit.after.type === "absent") return false;
    const parent = { root: edit.root, path: parentOf(edit.path) };
    let folded = this.#folded.get(keyOf(parent));
    if (folded === undefined) {
      folded = await this.#foldNames(parent);
      this.#folded.set(keyOf(parent), folded);
    }
    return (folded.get(fold(nameOf(edit.path))) ?? 0) > 1;
  }

  async #foldNames(parent: Place): Promise<Map<string, number>> {
    const names = new Set<ByteString>();
    const found = await listOrNothing(this.#directories[parent.root] as RootDirectory, parent.path);
    await inSlices(found, (name) => {
      if (names.size < SIBLINGS_MAX && !this.#removed.has(keyOf({ root: parent.root, path: below(parent.path, name) })))
        names.add(name);
    });
    await inSlices(this.#added.get(keyOf(parent)) ?? [], (name) => names.add(name));
    const folded = new Map<string, number>();
    await inSlices(names, (name) => {
      const plain = fold(name);
      folded.set(plain, (folded.get(plain) ?? 0) + 1);
    });
    return folded;
  }
}

function fold(name: ByteString): string {
  return textOf(name).normalize("NFC").toLowerCase();
}
