import type { ByteString } from "../../base/byte-string.ts";
import { inSlices, Pace } from "../../base/pace.ts";
import type { SpaceEntry } from "./space-entry.ts";

/** By absolute host path. Never changes: another version is another one. */
export interface SpaceEntries extends Iterable<readonly [ByteString, SpaceEntry]> {
  readonly size: number;
  get(path: ByteString): SpaceEntry | undefined;
  has(path: ByteString): boolean;
  keys(): Iterable<ByteString>;
  values(): Iterable<SpaceEntry>;
}

/** Undefined where a version has nothing. */
type Changes = ReadonlyMap<ByteString, SpaceEntry | undefined>;

/**
 * What a version may have beside the map that it shares with others. Each call copies as many at most, which takes a fraction of a
 * millisecond; all of a workspace are copied once in so many changes.
 */
const OWN_ENTRIES_MAX = 1000;

/** A version as what it differs in from a map that others have, too: what a call changes is what it costs. */
class SharingEntries implements SpaceEntries {
  readonly shared: SpaceEntries;
  readonly own: Changes;
  readonly size: number;

  constructor(shared: SpaceEntries, own: Changes) {
    this.shared = shared;
    this.own = own;
    let { size } = shared;
    for (const [path, entry] of own) size += (entry === undefined ? 0 : 1) - (shared.has(path) ? 1 : 0);
    this.size = size;
  }

  get(path: ByteString): SpaceEntry | undefined {
    const own = this.own.get(path);
    return own !== undefined || this.own.has(path) ? own : this.shared.get(path);
  }

  has(path: ByteString): boolean {
    return this.get(path) !== undefined;
  }

  *[Symbol.iterator](): Generator<readonly [ByteString, SpaceEntry]> {
    for (const found of this.shared) if (!this.own.has(found[0])) yield found;
    for (const [path, entry] of this.own) if (entry !== undefined) yield [path, entry];
  }

  *keys(): Generator<ByteString> {
    for (const [path] of this) yield path;
  }

  *values(): Generator<SpaceEntry> {
    for (const [, entry] of this) yield entry;
  }
}

function partsOf(entries: SpaceEntries): { readonly shared: SpaceEntries; readonly own: Changes } {
  return entries instanceof SharingEntries ? entries : { shared: entries, own: new Map() };
}

/** A version as it was, from what is known of another. */
export async function withChanges(entries: SpaceEntries, changes: Changes): Promise<SpaceEntries> {
  if (changes.size === 0) return entries;
  const { shared, own } = partsOf(entries);
  if (own.size + changes.size > OWN_ENTRIES_MAX) return await copied(entries, changes);
  const made = new Map(own);
  for (const [path, entry] of changes) {
    if (entry === undefined && !shared.has(path)) made.delete(path);
    else made.set(path, entry);
  }
  return new SharingEntries(shared, made);
}

async function copied(entries: SpaceEntries, changes: Changes): Promise<SpaceEntries> {
  const made = new Map<ByteString, SpaceEntry>();
  await inSlices(entries, ([path, entry]) => made.set(path, entry));
  await inSlices(changes, ([path, entry]) => {
    if (entry === undefined) made.delete(path);
    else made.set(path, entry);
  });
  return made;
}

/** All but those at some paths. */
export async function without(entries: SpaceEntries, taken: ReadonlySet<ByteString>): Promise<SpaceEntries> {
  if (taken.size === 0) return entries;
  const free = new Map<ByteString, SpaceEntry>();
  await inSlices(entries, ([path, entry]) => void (taken.has(path) || free.set(path, entry)));
  return free;
}

/** Paths at which two versions have not the very same entry: entries never change, and versions share those that are the same. */
export async function differingPaths(before: SpaceEntries, after: SpaceEntries): Promise<ByteString[]> {
  const differing: ByteString[] = [];
  const [one, other] = [partsOf(before), partsOf(after)];
  if (one.shared === other.shared) {
    for (const path of new Set([...one.own.keys(), ...other.own.keys()]))
      if (before.get(path) !== after.get(path)) differing.push(path);
    return differing;
  }
  const pace = new Pace();
  await inSlices(after, ([path, entry]) => void (before.get(path) !== entry && differing.push(path)), pace);
  await inSlices(before.keys(), (path) => void (!after.has(path) && differing.push(path)), pace);
  return differing;
}

/** Which paths of a map have a content, for each that is no empty file. */
type PathsByContent = ReadonlyMap<string, readonly ByteString[]>;

const contentsOf = new WeakMap<SpaceEntries, Promise<PathsByContent>>();

/** Entries whose files have one of these contents, with what it is. Empty files, which are all the same, are not looked for. */
export async function withContents(
  entries: SpaceEntries,
  sha256s: ReadonlySet<string>,
): Promise<{ readonly sha256: string; readonly entry: SpaceEntry }[]> {
  const found: { sha256: string; entry: SpaceEntry }[] = [];
  const { shared, own } = partsOf(entries);
  const known = contentsOf.get(shared) ?? pathsByContent(shared);
  contentsOf.set(shared, known);
  const byContent = await known;
  const pace = new Pace();
  for (const sha256 of sha256s)
    await inSlices(
      byContent.get(sha256) ?? [],
      (path) => {
        const entry = own.has(path) ? undefined : shared.get(path);
        if (entry !== undefined) found.push({ sha256, entry });
      },
      pace,
    );
  for (const entry of own.values()) {
    const sha256 = entry && contentOf(entry);
    if (entry !== undefined && sha256 !== undefined && sha256s.has(sha256)) found.push({ sha256, entry });
  }
  return found;
}

async function pathsByContent(entries: SpaceEntries): Promise<PathsByContent> {
  const paths = new Map<string, ByteString[]>();
  await inSlices(entries, ([path, entry]) => {
    const sha256 = contentOf(entry);
    if (sha256 === undefined) return;
    const known = paths.get(sha256);
    if (known === undefined) paths.set(sha256, [path]);
    else known.push(path);
  });
  return paths;
}

function contentOf({ after }: SpaceEntry): string | undefined {
  return after.type === "file" && after.sizeBytes > 0 ? after.sha256 : undefined;
}
