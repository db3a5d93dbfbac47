import { type BigIntStats, constants, fstatSync, readSync } from "node:fs";
import { type ByteString, below, byteStringOf, bytesOf, nameOf, parentOf } from "../../base/byte-string.ts";
import { readDirectory } from "../../vmm/host/directory.ts";
import { readLink } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { HOST_INODE_BYTES, LISTED_BYTES } from "./budget.ts";
import type { HashCache, StateHash } from "./hash-cache.ts";
import { failFromHost, fromHost } from "./host-errors.ts";
import type { HostTree } from "./host-tree.ts";
import { type DirectoryEntry, FILE_TYPE_MASK, FileType, Inode, type Stat } from "./inode.ts";
import type { LowerDirectory, LowerFile, LowerInode } from "./lower-inode.ts";
import type { ReadRanges } from "./read-ranges.ts";

/** A directory changed less than this before it was read may change again within the same time stamp (as git's index). */
const RACY_NS = 2_000_000_000n;

/** The root of a tree, relative to itself. */
export const HERE = "." as ByteString;

/** A file of the host, read only. Its stat is taken at most once per run, so a run sees one state of it. */
export abstract class HostInode extends Inode implements LowerInode {
  readonly tree: HostTree;
  abstract override readonly type: number;
  /** Where it was last found, relative to the tree's root; "." for the root. */
  path: ByteString;
  /** The run (see HostTree.generation) in which the stat was taken. */
  generation: number;
  #host: BigIntStats;
  #stat: Stat | undefined;
  /** The last run that was shown this file, and the last for which it was looked at before. */
  #shownIn = -1;
  #foreseenIn = -1;

  constructor(tree: HostTree, path: ByteString, host: BigIntStats) {
    super();
    this.tree = tree;
    this.path = path;
    this.#host = host;
    this.generation = tree.generation;
  }

  override get readOnly(): boolean {
    return true;
  }

  override get isStill(): boolean {
    return true;
  }

  /** What identifies the file on the host, whatever its names. */
  get identity(): string {
    return identityOf(this.#host);
  }

  get host(): BigIntStats {
    return this.#host;
  }

  /** The file was found again, at `path`, with this stat. */
  refresh(path: ByteString, host: BigIntStats): void {
    const changed = !sameState(this.#host, host);
    this.path = path;
    this.generation = this.tree.generation;
    if (changed) {
      this.#host = host;
      this.#stat = undefined;
    }
    this.refreshed(changed);
  }

  protected refreshed(_changed: boolean): void {}

  /** The run has come across this file: from now on it is the run's memory. */
  show(): void {
    if (this.#shownIn === this.tree.generation) return;
    this.#shownIn = this.tree.generation;
    this.tree.charge(HOST_INODE_BYTES);
    if (this.#foreseenIn === this.tree.generation) this.tree.foreseenShown(HOST_INODE_BYTES);
  }

  get mayBeForeseen(): boolean {
    return this.tree.mayForeseeOn(this.#host.dev);
  }

  /** It was looked at although the run has not come across it. */
  foreseen(): void {
    if (this.#shownIn !== this.tree.generation) this.#foreseenIn = this.tree.generation;
  }

  override stat(): Stat {
    this.#stat ??= {
      dev: this.tree.deviceNumber(this.#host.dev),
      ino: Number(this.#host.ino),
      mode: Number(this.#host.mode),
      nlink: Number(this.#host.nlink),
      uid: Number(this.#host.uid),
      gid: Number(this.#host.gid),
      rdev: 0,
      sizeBytes: Number(this.#host.size),
      blocks: Number(this.#host.blocks),
      // As if never read since: who reads it on the host is not the guest's business, and an earlier run may have been it.
      atimeNs: this.#host.mtimeNs,
      mtimeNs: this.#host.mtimeNs,
      ctimeNs: this.#host.ctimeNs,
    };
    return this.#stat;
  }

  override contentKey(): string {
    const { size, mtimeNs, ctimeNs } = this.#host;
    return `${this.identity}:${size}:${mtimeNs}:${ctimeNs}`;
  }
}

export function identityOf(host: BigIntStats): string {
  return `${host.dev}:${host.ino}`;
}

/** Whether nothing happened to the file between the two stats; its ctime tells all but being read. */
export function sameState(a: BigIntStats, b: BigIntStats): boolean {
  return a.ctimeNs === b.ctimeNs && a.mtimeNs === b.mtimeNs && a.size === b.size && a.ino === b.ino && a.dev === b.dev;
}

export class HostFile extends HostInode implements LowerFile {
  override readonly type = FileType.regular;
  readonly isFromLayer = false;
  #noted = -1;
  /** What is read of it in this run, if that is noted. */
  #ranges: ReadRanges | undefined;

  override get tellsSize(): boolean {
    return true;
  }

  override read(into: Uint8Array, position: number): number {
    // Noted first: what cannot be read has been looked at as well.
    this.noteRead(position, 0);
    const descriptor = this.#descriptor();
    const bytes = fromHost(() => readSync(descriptor, into, 0, into.length, position));
    this.noteRead(position, bytes);
    return bytes;
  }

  override noteRead(position: number, length: number): void {
    const { recorder, generation } = this.tree;
    if (recorder === undefined) return;
    if (this.#noted !== generation) {
      this.#noted = generation;
      this.#ranges = recorder.note(this);
    }
    if (length > 0) this.#ranges?.add(position, position + length);
  }

  protected override refreshed(changed: boolean): void {
    if (changed) this.tree.descriptors.drop(this);
  }

  /** Reads the content for our own bookkeeping: not recorded as read by the guest. */
  readUnrecorded(into: Uint8Array, position: number): number {
    return fromHost(() => readSync(this.#descriptor(), into, 0, into.length, position));
  }

  contentHash(hashes: HashCache, parts?: readonly number[]): StateHash {
    return hashes.ofState(this, parts);
  }

  /** The file's state on the host at this moment, which the run may not have seen. */
  currentState(): BigIntStats {
    return fromHost(() => fstatSync(this.#descriptor(), { bigint: true }));
  }

  #descriptor(): number {
    const cached = this.tree.descriptors.get(this);
    if (cached !== undefined) return cached;
    // O_NONBLOCK: a pipe swapped in for the file must not hang us before the check below.
    const descriptor = this.tree.openBeneath(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (descriptor < 0) return failFromHost(descriptor);
    this.tree.descriptors.set(this, descriptor);
    const found = fromHost(() => fstatSync(descriptor, { bigint: true }));
    if (identityOf(found) !== this.identity || !found.isFile()) {
      this.tree.descriptors.drop(this);
      return fail("ESTALE");
    }
    return descriptor;
  }
}

export class HostSymlink extends HostInode {
  override readonly type = FileType.symlink;
  #target: string | undefined;

  override readlink(): string {
    this.#target ??= this.#readTarget();
    return this.#target;
  }

  protected override refreshed(changed: boolean): void {
    if (changed) this.#target = undefined;
  }

  #readTarget(): ByteString {
    const directory = parentOf(this.path) || HERE;
    // The last component alone is looked at through the descriptor, and readlink never follows it.
    return this.tree.withDirectory(directory, (descriptor) => {
      const name = bytesOf(nameOf(this.path));
      const target = readLink(descriptor, name);
      return typeof target === "number" ? failFromHost(target) : byteStringOf(target);
    });
  }
}

/** Ends the reading of a directory. */
class TooLong {}

export class HostDirectory extends HostInode implements LowerDirectory {
  override readonly type = FileType.directory;
  readonly #children = new Map<string, HostInode>();
  /** The listing; like the names known to be absent it is good as long as the directory's times stay. */
  #entries: readonly DirectoryEntry[] | undefined;
  #cachedAtNs = 0n;
  /** How many entries were read for {@link #entries}: those that are not shown included. */
  #entriesRead = 0;
  /** The last run that was shown the listing, and the last for which it was too long to foresee. */
  #listedIn = -1;
  #longIn = -1;

  override lookup(name: string): HostInode | undefined {
    const found = this.look(name);
    found?.show();
    return found;
  }

  /** {@link lookup} without the run's knowing of it. */
  look(name: string): HostInode | undefined {
    const known = this.#children.get(name);
    if (known?.generation === this.tree.generation) return known;
    const { absent } = this.tree;
    if (absent.has(this, name)) return undefined;
    const found = this.tree.find(this.path === HERE ? (name as ByteString) : below(this.path, name as ByteString));
    if (found !== undefined) this.#children.set(name, found);
    else {
      this.#children.delete(name);
      this.#noteCaching();
      absent.add(this, name);
    }
    return found;
  }

  override list(): readonly DirectoryEntry[] {
    const isNew = this.#listedIn !== this.tree.generation;
    this.#listedIn = this.tree.generation;
    if (this.#entries !== undefined) {
      if (isNew) this.tree.charge(this.#entriesRead * LISTED_BYTES);
      return this.#entries;
    }
    // While it is read: the run may have no room for all of them.
    return this.#keepEntries((entries) => isNew && this.tree.charge(entries * LISTED_BYTES));
  }

  foreseeLower(name: string): HostInode | undefined {
    const known = this.#children.get(name);
    if (known?.generation === this.tree.generation) return known.mayBeForeseen ? known : undefined;
    if (!this.tree.mayForesee(HOST_INODE_BYTES)) return undefined;
    const found = this.look(name);
    found?.foreseen();
    return found?.mayBeForeseen ? found : undefined;
  }

  override foresee(name: string): Stat | undefined {
    const found = this.foreseeLower(name);
    return found === undefined || found.type === FileType.symlink ? undefined : found.stat();
  }

  override foreseeEntries(entriesMax: number): readonly DirectoryEntry[] | undefined {
    if (this.#entries !== undefined) return this.#entriesRead > entriesMax ? undefined : this.#entries;
    if (this.#longIn === this.tree.generation) return undefined;
    let left = entriesMax;
    try {
      return this.#keepEntries((entries) => {
        left -= entries;
        if (left < 0 || !this.tree.mayForesee(entries * LISTED_BYTES)) throw new TooLong();
      });
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      this.#longIn = this.tree.generation;
      return undefined;
    }
  }

  #keepEntries(onRead: (entries: number) => void): readonly DirectoryEntry[] {
    this.#noteCaching();
    this.#entries = this.#readEntries(onRead);
    return this.#entries;
  }

  protected override refreshed(changed: boolean): void {
    // A child of an earlier run may have been found again by now, at another name: the host has few numbers and uses them again.
    this.#children.clear();
    if (!changed && this.#cachedAtNs - this.host.mtimeNs > RACY_NS) return;
    this.tree.absent.forget(this);
    this.#entries = undefined;
    this.#cachedAtNs = 0n;
  }

  /** Remembers when the oldest cached fact was learnt. */
  #noteCaching(): void {
    if (this.#cachedAtNs === 0n) this.#cachedAtNs = BigInt(Date.now()) * 1_000_000n;
  }

  #readEntries(onRead: (entries: number) => void): readonly DirectoryEntry[] {
    const read = (fd: number): ReturnType<typeof readDirectory> =>
      readDirectory(fd, (entries) => {
        onRead(entries);
        this.tree.noteListing(entries);
      });
    const found = this.tree.withDirectory(this.path, read, true);
    if (typeof found === "number") return failFromHost(found);
    this.#entriesRead = found.length;
    const entries: DirectoryEntry[] = [];
    for (const entry of found) {
      const name = byteStringOf(entry.name);
      if (this.tree.isHidden(this, name, entry.ino)) continue;
      const type = entry.type === 0 ? (this.look(name)?.type ?? 0) : (entry.type << 12) & FILE_TYPE_MASK;
      if (isShown(type)) entries.push({ name, ino: entry.ino, type });
    }
    return entries;
  }
}

/** Sockets, pipes and devices of the host would be ways out of the sandbox: the guest never sees them. */
export function isShown(type: number): boolean {
  return type === FileType.regular || type === FileType.directory || type === FileType.symlink;
}
