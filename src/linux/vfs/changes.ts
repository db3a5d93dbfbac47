import { type ByteString, below, EMPTY, namesOf } from "../../base/byte-string.ts";
import { LinuxError } from "../errno.ts";
import { LimitReached } from "../limits.ts";
import { type ChangedFileType, changedFileType } from "./changed-file-type.ts";
import type { HashCache } from "./hash-cache.ts";
import { FileType } from "./inode.ts";
import { entryOf, ifThere, listOf, namesIn, targetOf } from "./lower.ts";
import { isLowerDirectory, isLowerFile, type LowerDirectory, type LowerFile, type LowerInode } from "./lower-inode.ts";
import { NewHashes } from "./new-hashes.ts";
import { RamDirectory } from "./ram-directory.ts";
import { RamFile } from "./ram-file.ts";
import { PERMISSION_MASK, type RamInode } from "./ram-inode.ts";

/**
 * One difference between an overlay and the host directory below it. A type that changed is a `delete` and an `add` of the
 * same path. To apply a list: the deletes from last to first, then the rest from first to last.
 */
export interface Change {
  /** In the guest, absolute. */
  readonly path: ByteString;
  readonly kind: "add" | "modify" | "delete";
  readonly fileType: ChangedFileType;
  /** Permission bits and owner it has now; for `add` and `modify`. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** When it was modified last, in nanoseconds since 1970; for `add` and `modify`. */
  readonly mtimeNs?: bigint;
  readonly symlinkTarget?: ByteString;
  readonly sizeBytes?: number;
  /** SHA-256 in hex of a regular file's content on the host, for `modify` and `delete`; absent when it was not to be had in time. */
  readonly baseSha256?: string;
  /** The host changed the file during the run: what the guest saw of it is not certain. */
  readonly baseChangedDuringRun?: true;
  /** SHA-256 in hex of a regular file's content now, for `add` and `modify`. */
  readonly newSha256?: string;
  /** The content now; to be called before the next run starts. Absent when it did not change. */
  readonly content?: () => Uint8Array;
  /** The same, part by part, without a copy of what is in memory; see {@link RamFile.pieces}. */
  readonly pieces?: RamFile["pieces"];
  /** Where this file was on the host; the content may have changed since. */
  readonly renamedFrom?: ByteString;
  /** Another name, in the list or on the host, of the same file (hard link). */
  readonly linkOf?: ByteString;
  /** For a file with several names in the list, new ones and changed ones: they have the same number, and no other file has it. */
  readonly linkGroup?: number;
  /** Mode, owner or a file's time changed, content did not. */
  readonly metadataOnly?: true;
}

/** The change set of one overlay: exact (what was undone is not in it) and sorted by path. */
export function collectChanges(root: RamDirectory, guestPath: ByteString, options: CollectOptions): Change[] {
  return new ChangeCollector(root, guestPath, options).collect();
}

export interface CollectOptions {
  readonly hashes: HashCache;
  /** Bytes of all contents together; a run with more ends with its limit on changes. */
  readonly limitBytes?: number;
  /** Told of each name and each piece of content; may throw to end the collection. */
  readonly work?: (() => void) | undefined;
}

/** Longest path a change may have (PATH_MAX without its null, linux/limits.h): nothing longer can be named in one call on the host. */
const PATH_BYTES_MAX = 4095;
/** Bytes of all paths in one list: what a result's header carries in JSON and its reader holds several times over. */
const PATHS_BYTES_MAX = 32 * 1024 * 1024;

/** A name to compare: what the run has there, and what the host has. */
interface Pair {
  readonly now: RamInode | undefined;
  readonly base: LowerInode | undefined;
  readonly path: ByteString;
}

interface Found {
  readonly change: Change;
  readonly inode: RamInode | undefined;
}

class ChangeCollector {
  readonly #root: RamDirectory;
  readonly #guestPath: ByteString;
  readonly #hashes: HashCache;
  readonly #work: () => void;
  readonly #newHashes: NewHashes;
  readonly #found: Found[] = [];
  /** Still to be compared: a list and not calls in calls, as trees may be deeper than a stack. */
  readonly #pairs: Pair[] = [];
  #pathsBytes = 0;

  constructor(
    root: RamDirectory,
    guestPath: ByteString,
    { hashes, work = () => {}, limitBytes = Infinity }: CollectOptions,
  ) {
    this.#root = root;
    this.#guestPath = guestPath;
    this.#hashes = hashes;
    this.#work = work;
    this.#newHashes = new NewHashes(limitBytes, work);
  }

  collect(): Change[] {
    const { lower } = this.#root;
    if (lower === undefined) return [];
    this.#touchHardLinks();
    this.#pairs.push({ now: this.#root, base: lower, path: EMPTY });
    for (let pair = this.#pairs.pop(); pair !== undefined; pair = this.#pairs.pop()) {
      this.#work();
      this.#compare(pair.now, pair.base, pair.path);
    }
    this.#found.sort(byPath);
    return this.#withLinks();
  }

  #pathOf(path: ByteString): ByteString {
    return below(this.#guestPath, path);
  }

  #compare(now: RamInode | undefined, base: LowerInode | undefined, path: ByteString): void {
    if (now === undefined) {
      if (base !== undefined) this.#delete(base, path);
    } else if (base === undefined) this.#add(now, path);
    else if (now.type !== base.type) {
      this.#delete(base, path);
      this.#add(now, path);
    } else if (now instanceof RamDirectory) this.#compareDirectory(now, base as LowerDirectory, path);
    else if (now instanceof RamFile) this.#compareFile(now, base as LowerFile, path);
    else this.#compareSymlink(now, base, path);
  }

  #compareDirectory(now: RamDirectory, base: LowerDirectory, path: ByteString): void {
    if (metadataDiffers(now, base)) this.#modify(now, path, { fileType: "directory", metadataOnly: true });
    for (const name of namesThatMayDiffer(now, base)) {
      this.#pairs.push({ now: entryOf(now, name), base: entryOf(base, name), path: below(path, name) });
    }
  }

  #compareFile(now: RamFile, base: LowerFile, path: ByteString): void {
    const isSame = now.isPristine && now.origin?.lower.identity === base.identity;
    const newSha256 = isSame ? undefined : ifThere(() => this.#newHashes.of(now));
    if (newSha256 === undefined && !isSame) {
      this.#modify(now, path, { fileType: "file", ...this.#describeContent(now) });
      return;
    }
    const isSameBeside = !metadataDiffers(now, base) && !now.hasOtherTime(base);
    if (isSame && isSameBeside) return;
    const state = this.#baseState(base);
    const contentDiffers = newSha256 !== undefined && (newSha256 !== state.baseSha256 || state.baseChangedDuringRun);
    if (!contentDiffers && isSameBeside) return;
    this.#modify(now, path, {
      fileType: "file",
      ...state,
      ...(contentDiffers ? describeContent(now, newSha256) : { metadataOnly: true }),
    });
  }

  #compareSymlink(now: RamInode, base: LowerInode, path: ByteString): void {
    const symlinkTarget = targetOf(now);
    const isSame = symlinkTarget === undefined || symlinkTarget === targetOf(base);
    if (isSame && !metadataDiffers(now, base)) return;
    this.#modify(now, path, {
      fileType: "symlink",
      ...(symlinkTarget !== undefined && { symlinkTarget }),
      ...(isSame ? { metadataOnly: true } : {}),
    });
  }

  #modify(inode: RamInode, path: ByteString, details: Omit<Change, "path" | "kind">): void {
    const change: Change = { path: this.#pathOf(path), kind: "modify", ...attributesOf(inode), ...details };
    this.#push({ inode, change });
  }

  /** Ends the collection when the list gets longer than a result may carry. */
  #push(found: Found): void {
    const { length } = found.change.path;
    this.#pathsBytes += length;
    if (length > PATH_BYTES_MAX || this.#pathsBytes > PATHS_BYTES_MAX) throw new LimitReached("names");
    this.#found.push(found);
  }

  #add(inode: RamInode, path: ByteString): void {
    const change: Change = {
      path: this.#pathOf(path),
      kind: "add",
      fileType: changedFileType(inode.type),
      ...attributesOf(inode),
      ...(inode instanceof RamFile ? this.#describeContent(inode) : {}),
      ...(inode.type === FileType.symlink ? { symlinkTarget: targetOf(inode) ?? EMPTY } : {}),
      ...this.#origin(inode),
    };
    this.#push({ inode, change });
    if (!(inode instanceof RamDirectory)) return;
    for (const name of namesIn(inode))
      this.#pairs.push({ now: entryOf(inode, name), base: undefined, path: below(path, name) });
  }

  #delete(base: LowerInode, path: ByteString): void {
    const change: Change = {
      path: this.#pathOf(path),
      kind: "delete",
      fileType: changedFileType(base.type),
      ...(isLowerFile(base) ? { ...this.#baseState(base), sizeBytes: base.stat().sizeBytes } : {}),
    };
    this.#push({ inode: undefined, change });
    if (!isLowerDirectory(base)) return;
    for (const name of namesIn(base))
      this.#pairs.push({ now: undefined, base: entryOf(base, name), path: below(path, name) });
  }

  /** Without a hash when the host does not let us read the file (any more), or when that would hold up the result. */
  #baseState(base: LowerFile): Pick<Change, "baseSha256" | "baseChangedDuringRun"> {
    try {
      const { sha256, isStale } = base.contentHash(this.#hashes);
      return {
        ...(sha256 !== undefined && { baseSha256: sha256 }),
        ...(isStale && { baseChangedDuringRun: true }),
      };
    } catch (error) {
      if (error instanceof LinuxError) return {};
      throw error;
    }
  }

  /** A host file at a new place was renamed, unless its old name still leads to it: then this is one more name. */
  #origin(inode: RamInode): Pick<Change, "renamedFrom" | "linkOf"> {
    if (inode.origin === undefined) return {};
    const path = this.#pathOf(inode.origin.path);
    return this.#lookupPath(inode.origin.path) === inode ? { linkOf: path } : { renamedFrom: path };
  }

  #lookupPath(path: ByteString): RamInode | undefined {
    let at: RamInode | undefined = this.#root;
    for (const name of namesOf(path)) at = at instanceof RamDirectory ? at.lookup(name) : undefined;
    return at;
  }

  /** Names added for one new file: all but the first are links to it. */
  #withLinks(): Change[] {
    const firstNames = new Map<RamInode, ByteString>();
    const groups = this.#linkGroups();
    return this.#found.map(({ change: found, inode }) => {
      if (inode === undefined) return found;
      const linkGroup = groups.get(inode);
      const change = linkGroup === undefined ? found : { ...found, linkGroup };
      if (change.kind !== "add" || change.linkOf !== undefined) return change;
      const first = firstNames.get(inode);
      if (first !== undefined) return { ...change, linkOf: first };
      firstNames.set(inode, change.path);
      return change;
    });
  }

  #linkGroups(): ReadonlyMap<RamInode, number> {
    const names = new Map<RamInode, number>();
    for (const { inode } of this.#found) if (inode instanceof RamFile) names.set(inode, (names.get(inode) ?? 0) + 1);
    const several = [...names].filter(([, count]) => count > 1);
    return new Map(several.map(([inode], index) => [inode, index + 1]));
  }

  /**
   * A file changed through one name has changed under its others too, which the run may never have looked at. Only when a
   * file with several names changed is the whole tree searched for them.
   */
  #touchHardLinks(): void {
    const changed = new Set<number>();
    for (const inode of this.#root.fs.allAdopted()) {
      const lower = inode.origin?.lower;
      if (lower === undefined || !(inode instanceof RamFile) || lower.stat().nlink < 2) continue;
      const isSame = inode.isPristine && !metadataDiffers(inode, lower) && !inode.hasOtherTime(lower);
      if (!isSame) changed.add(lower.stat().ino);
    }
    if (changed.size > 0) this.#touchNames(changed);
  }

  /** Looks up every name of the given inode numbers, so that the comparison sees it. */
  #touchNames(inos: ReadonlySet<number>): void {
    const directories = [this.#root];
    for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
      for (const { name, ino, type } of listOf(directory)) {
        this.#work();
        if (type !== FileType.directory && !inos.has(ino)) continue;
        const child = entryOf(directory, name);
        if (child instanceof RamDirectory) directories.push(child);
      }
    }
  }

  /** Without the content when it lay on the host and the host took it away during the run. */
  #describeContent(file: RamFile): Partial<Change> {
    const newSha256 = ifThere(() => this.#newHashes.of(file));
    return newSha256 === undefined
      ? { sizeBytes: file.sizeBytes, baseChangedDuringRun: true }
      : describeContent(file, newSha256);
  }
}

function namesThatMayDiffer(now: RamDirectory, base: LowerDirectory): Iterable<ByteString> {
  if (now.lower?.identity === base.identity) return [...now.touchedNames.keys()] as ByteString[];
  return new Set([...namesIn(now), ...namesIn(base)]);
}

function metadataDiffers(now: RamInode, base: LowerInode): boolean {
  const stat = base.stat();
  return now.mode !== (stat.mode & PERMISSION_MASK) || now.uid !== stat.uid || now.gid !== stat.gid;
}

function attributesOf(inode: RamInode): Pick<Change, "mode" | "uid" | "gid" | "mtimeNs"> {
  const { mode, uid, gid, mtimeNs } = inode;
  return { mode, uid, gid, mtimeNs };
}

function describeContent(
  file: RamFile,
  newSha256: string,
): Required<Pick<Change, "sizeBytes" | "newSha256" | "content" | "pieces">> {
  return {
    sizeBytes: file.sizeBytes,
    newSha256,
    content: () => readAll(file),
    pieces: (position, length, copied) => file.pieces(position, length, copied),
  };
}

function readAll(file: RamFile): Uint8Array {
  const content = new Uint8Array(file.sizeBytes);
  file.read(content, 0);
  return content;
}

/** By path; a delete comes before an add of the same path. */
function byPath(a: Found, b: Found): number {
  if (a.change.path !== b.change.path) return a.change.path < b.change.path ? -1 : 1;
  return a.change.kind === "delete" ? -1 : 1;
}
