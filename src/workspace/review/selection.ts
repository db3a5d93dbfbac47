import { parentOf } from "../../base/byte-string.ts";
import { inSlices } from "../../base/pace.ts";
import type { ChangeEntry } from "../changes/change-set.ts";
import { hasSameContent, type NodeState } from "../changes/node-state.ts";

export interface MissingChoice {
  /** Not chosen, but needed. */
  readonly path: string;
  /** The chosen entry that cannot be without it. */
  readonly neededBy: string;
}

/** What the chosen entries need that is not chosen. Each entry's own needs are enough: what they need, needs in turn. */
export async function missingChoices(
  entries: readonly ChangeEntry[],
  chosen: ReadonlySet<string>,
): Promise<MissingChoice[]> {
  // Whoever has all has what it needs.
  if (chosen.size >= entries.length && (await areAllIn(entries, chosen))) return [];
  const needs = await Needs.of(entries);
  const missing: MissingChoice[] = [];
  await inSlices(entries, (entry) => {
    if (!chosen.has(entry.path)) return;
    for (const { path } of needs.of(entry)) if (!chosen.has(path)) missing.push({ path, neededBy: entry.path });
  });
  return missing;
}

async function areAllIn(entries: readonly ChangeEntry[], chosen: ReadonlySet<string>): Promise<boolean> {
  let isAll = true;
  await inSlices(entries, ({ path }) => {
    isAll &&= chosen.has(path);
  });
  return isAll;
}

/** Those of a list that are named in a choice. */
export async function chosenOf(entries: readonly ChangeEntry[], chosen: ReadonlySet<string>): Promise<ChangeEntry[]> {
  const found: ChangeEntry[] = [];
  await inSlices(entries, (entry) => void (chosen.has(entry.path) && found.push(entry)));
  return found;
}

export async function pathsOf(entries: readonly ChangeEntry[]): Promise<Set<string>> {
  const paths = new Set<string>();
  await inSlices(entries, ({ path }) => paths.add(path));
  return paths;
}

class Needs {
  readonly #byPath = new Map<string, ChangeEntry>();
  readonly #byPlace = new Map<string, ChangeEntry>();
  /** Entries that empty a directory, by the directory. */
  readonly #leaving = new Map<string, ChangeEntry[]>();
  /** Names of one file that change together. */
  readonly #sameFile = new Map<string, ChangeEntry[]>();

  static async of(entries: readonly ChangeEntry[]): Promise<Needs> {
    const needs = new Needs();
    await inSlices(entries, (entry) => needs.#note(entry));
    return needs;
  }

  #note(entry: ChangeEntry): void {
    const { root, path, before, after } = entry.edit;
    this.#byPath.set(entry.path, entry);
    this.#byPlace.set(`${root}/${path}`, entry);
    if (before.type !== "absent" && path !== "") append(this.#leaving, `${root}/${parentOf(path)}`, entry);
    for (const inode of sharedInodes(before, after)) append(this.#sameFile, `${root}/${inode}`, entry);
  }

  of({ edit, renamedFrom, renamedTo, path: own }: ChangeEntry): ChangeEntry[] {
    const { root, path, before, after } = edit;
    const parent = this.#byPlace.get(`${root}/${parentOf(path)}`);
    const isParentNew = parent !== undefined && parent.edit.before.type !== "directory" && path !== "";
    const isDirectoryGone = before.type === "directory" && after.type !== "directory";
    const found = [
      isParentNew && after.type !== "absent" ? parent : undefined,
      ...(isDirectoryGone ? (this.#leaving.get(`${root}/${path}`) ?? []) : []),
      ...[renamedFrom, renamedTo].map((other) => (other === undefined ? undefined : this.#byPath.get(other))),
      ...sharedInodes(before, after).flatMap((inode) => this.#sameFile.get(`${root}/${inode}`) ?? []),
    ];
    return found.filter((entry) => entry !== undefined && entry.path !== own) as ChangeEntry[];
  }
}

/** Names whose common file gets a new content: changing some only would tear them apart. */
function sharedInodes(before: NodeState, after: NodeState): string[] {
  if (after.type !== "file" || after.inode === undefined || after.nameOf !== undefined) return [];
  return hasSameContent(before, after) ? [] : [after.inode];
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
