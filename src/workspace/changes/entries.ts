import { type ByteString, below, labelOf, nameOf, parentOf, textOf, toByteString } from "../../base/byte-string.ts";
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

/** Puts together what belongs together (renames, hard links) and says what a reviewer should know of each path. */
export function makeEntries(list: readonly DraftedEdit[], context: EntryContext): ChangeEntry[] {
  const { roots } = context;
  const drafted = withKeptNames(list, context.directories);
  const byPlace = new Map(drafted.map((one) => [keyOf(one.edit), one]));
  const renamedTo = new Map<string, ByteString>();
  for (const { draft, edit } of drafted) {
    const from = originOf(draft.now?.renamedFrom, draft.now?.renamedFromBytes, roots);
    const old = from && byPlace.get(keyOf(from));
    if (from !== undefined && old !== undefined) renamedTo.set(keyOf(from), guestPathOf(edit, roots));
  }
  const names = new SiblingNames(drafted, context.directories);
  const inodeNames = countNames(drafted);
  return drafted.map((one) => {
    const edit = withLink(one, byPlace, roots);
    const { draft, contents, blocked } = one;
    const hostPath = hostPathOf(edit, roots);
    const from = draft.now?.renamedFrom && otherName(draft.now.renamedFrom, draft.now.renamedFromBytes);
    const link = draft.now?.linkOf && otherName(draft.now.linkOf, draft.now.linkOfBytes);
    const to = renamedTo.get(keyOf(edit));
    const others = [from, link, to].flatMap((path) => (path ? hostPathsOf(path, roots) : []));
    const inode = edit.before.type === "file" ? edit.before.inode : undefined;
    const hasOtherNames = inode !== undefined && one.baseNames > (inodeNames.get(inode) ?? 0);
    return {
      path: labelOf(guestPathOf(edit, roots)),
      hostPath: labelOf(hostPath),
      kind: kindOf(edit, from, link),
      edit,
      ...(from && { renamedFrom: labelOf(from) }),
      ...(to && { renamedTo: labelOf(to) }),
      ...(link && { linkOf: labelOf(link) }),
      ...(edit.after.type === "symlink" && { symlinkTarget: labelOf(edit.after.target) }),
      flags: flagsOf({ edit, contents, hasCaseClash: names.hasClash(edit), hasOtherNames }),
      protectedBecause: context.protection.reasonsFor(edit, hostPath, others, hasOtherNames),
      ...(blocked && { blocked }),
    };
  });
}

function keyOf({ root, path }: Place): string {
  return `${root}/${path}`;
}

export function guestPathOf({ root, path }: Place, roots: readonly Root[]): ByteString {
  return below(toByteString(roots[root]?.guestRoot ?? ""), path);
}

function hostPathOf({ root, path }: Place, roots: readonly Root[]): ByteString {
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
function countNames(drafted: readonly DraftedEdit[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const { edit } of drafted) {
    if (edit.before.type !== "file" || edit.before.inode === undefined) continue;
    names.set(edit.before.inode, (names.get(edit.before.inode) ?? 0) + 1);
  }
  return names;
}

/** The names of each directory as they would be, to find those that differ in case only. */
class SiblingNames {
  readonly #removed = new Set<string>();
  readonly #added = new Map<string, ByteString[]>();
  readonly #directories: readonly RootDirectory[];
  readonly #folded = new Map<string, Map<string, number>>();

  constructor(drafted: readonly DraftedEdit[], directories: readonly RootDirectory[]) {
    this.#directories = directories;
    for (const { edit } of drafted) {
      const parent = keyOf({ root: edit.root, path: parentOf(edit.path) });
      if (edit.after.type === "absent") this.#removed.add(keyOf(edit));
      else if (edit.before.type === "absent") {
        const names = this.#added.get(parent);
        if (names === undefined) this.#added.set(parent, [nameOf(edit.path)]);
        else names.push(nameOf(edit.path));
      }
    }
  }

  hasClash(edit: TreeEdit): boolean {
    if (edit.before.type !== "absent" || edit.after.type === "absent") return false;
    const parent = { root: edit.root, path: parentOf(edit.path) };
    let folded = this.#folded.get(keyOf(parent));
    if (folded === undefined) {
      folded = this.#foldNames(parent);
      this.#folded.set(keyOf(parent), folded);
    }
    return (folded.get(fold(nameOf(edit.path))) ?? 0) > 1;
  }

  #foldNames(parent: Place): Map<string, number> {
    const added = this.#added.get(keyOf(parent)) ?? [];
    const kept = listOrNothing(this.#directories[parent.root] as RootDirectory, parent.path).filter(
      (name) => !this.#removed.has(keyOf({ root: parent.root, path: below(parent.path, name) })),
    );
    const folded = new Map<string, number>();
    for (const name of new Set([...kept.slice(0, SIBLINGS_MAX), ...added])) {
      folded.set(fold(name), (folded.get(fold(name)) ?? 0) + 1);
    }
    return folded;
  }
}

function fold(name: ByteString): string {
  return textOf(name).normalize("NFC").toLowerCase();
}
