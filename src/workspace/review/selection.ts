import { parentOf } from "../../base/byte-string.ts";
import type { ChangeEntry } from "../changes/change-set.ts";
import { hasSameContent, type NodeState } from "../changes/node-state.ts";

export interface MissingChoice {
  /** Not chosen, but needed. */
  readonly path: string;
  /** The chosen entry that cannot be without it. */
  readonly neededBy: string;
}

/** What the chosen entries need that is not chosen. Each entry's own needs are enough: what they need, needs in turn. */
export function missingChoices(entries: readonly ChangeEntry[], chosen: ReadonlySet<string>): MissingChoice[] {
  const needs = new Needs(entries);
  return entries
    .filter(({ path }) => chosen.has(path))
    .flatMap((entry) => needs.of(entry).map((needed) => ({ path: needed.path, neededBy: entry.path })))
    .filter(({ path }) => !chosen.has(path));
}

class Needs {
  readonly #byPath: ReadonlyMap<string, ChangeEntry>;
  readonly #byPlace: ReadonlyMap<string, ChangeEntry>;
  /** Entries that empty a directory, by the directory. */
  readonly #leaving = new Map<string, ChangeEntry[]>();
  /** Names of one file that change together. */
  readonly #sameFile = new Map<string, ChangeEntry[]>();

  constructor(entries: readonly ChangeEntry[]) {
    this.#byPath = new Map(entries.map((entry) => [entry.path, entry]));
    this.#byPlace = new Map(entries.map((entry) => [`${entry.edit.root}/${entry.edit.path}`, entry]));
    for (const entry of entries) {
      const { root, path, before, after } = entry.edit;
      if (before.type !== "absent" && path !== "") append(this.#leaving, `${root}/${parentOf(path)}`, entry);
      for (const inode of sharedInodes(before, after)) append(this.#sameFile, `${root}/${inode}`, entry);
    }
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
