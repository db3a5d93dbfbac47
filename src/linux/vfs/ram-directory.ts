import { fail } from "../errno.ts";
import { type DirectoryEntry, FileType, type Inode, type NewFile, type Stat } from "./inode.ts";
import type { LowerDirectory } from "./lower-inode.ts";
import { RamFile } from "./ram-file.ts";
import type { RamFs } from "./ram-fs.ts";
import { isOrigin, type Origin, RamInode } from "./ram-inode.ts";
import { RamSpecial, RamSymlink } from "./ram-symlink.ts";

/** Marks a name of the lower directory as removed (overlayfs calls it so). */
export const WHITEOUT = Symbol("whiteout");

/** linux/fs.h */
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

/** Size Linux shows for a directory of one block. */
const DIRECTORY_BYTES = 4096;
const SYMLINK_MODE = 0o777;

/**
 * A directory in RAM. Names it holds itself win over those of its lower directory, which moves along when it is renamed;
 * one made by the run has none, so nothing below shows through (overlayfs: opaque).
 */
export class RamDirectory extends RamInode {
  override readonly type = FileType.directory;
  readonly lower: LowerDirectory | undefined;
  readonly #names = new Map<string, RamInode | typeof WHITEOUT>();
  /** Some file systems (btrfs, overlayfs) do not count subdirectories: theirs stay at 1. */
  readonly #countsSubdirectories: boolean;
  #isRemoved = false;

  constructor(fs: RamFs, born: Origin | NewFile) {
    super(fs, born);
    this.lower = isOrigin(born) ? (born.lower as LowerDirectory) : undefined;
    if (this.lower === undefined) this.nlink = 2;
    this.#countsSubdirectories = this.nlink > 1;
  }

  override get sizeBytes(): number {
    return this.lower?.stat().sizeBytes ?? DIRECTORY_BYTES;
  }

  protected override get blocks(): number {
    return this.lower?.stat().blocks ?? DIRECTORY_BYTES / 512;
  }

  /** Names the run looked up, made or removed: all that can differ from the lower directory. */
  get touchedNames(): ReadonlyMap<string, RamInode | typeof WHITEOUT> {
    return this.#names;
  }

  override lookup(name: string): RamInode | undefined {
    const own = this.#names.get(name);
    if (own !== undefined) return own === WHITEOUT ? undefined : own;
    if (this.#isRemoved) return undefined;
    const below = this.lower?.lookup(name);
    if (below === undefined) return undefined;
    const inode = this.fs.adopt(below, below.path);
    this.#names.set(name, inode);
    return inode;
  }

  override list(): readonly DirectoryEntry[] {
    return this.#isRemoved ? [] : this.#merge(this.lower?.list() ?? []);
  }

  #merge(entriesBelow: readonly DirectoryEntry[]): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    const below = new Set<string>();
    for (const entry of entriesBelow) {
      below.add(entry.name);
      const own = this.#names.get(entry.name);
      if (own === undefined) entries.push(entry);
      else if (own !== WHITEOUT) entries.push({ name: entry.name, ino: own.ino, type: own.type });
    }
    for (const [name, own] of this.#names) {
      if (own !== WHITEOUT && !below.has(name)) entries.push({ name, ino: own.ino, type: own.type });
    }
    return entries;
  }

  override foresee(name: string): Stat | undefined {
    const own = this.#names.get(name);
    if (own !== undefined)
      return own === WHITEOUT || own.type === FileType.symlink || !own.isStill ? undefined : own.stat();
    const below = this.#isRemoved ? undefined : this.lower?.foreseeLower(name);
    return below && this.fs.foresee(below);
  }

  override foreseeEntries(entriesMax: number): readonly DirectoryEntry[] | undefined {
    if (this.#isRemoved || this.#names.size > entriesMax) return undefined;
    const below = this.lower === undefined ? [] : this.lower.foreseeEntries(entriesMax);
    if (below === undefined) return undefined;
    const entries = this.#merge(below);
    return entries.length > entriesMax ? undefined : entries;
  }

  override createFile(name: string, file: NewFile): RamInode {
    return this.#add(name, () => new RamFile(this.fs, file));
  }

  override createDirectory(name: string, file: NewFile): RamInode {
    return this.#add(name, () => new RamDirectory(this.fs, file));
  }

  override createSymlink(name: string, target: string, file: NewFile): RamInode {
    return this.#add(name, () => new RamSymlink(this.fs, { ...file, mode: SYMLINK_MODE }, target));
  }

  override createSpecial(name: string, type: number, rdev: number, file: NewFile): RamInode {
    return this.#add(name, () => new RamSpecial(this.fs, file, type, rdev));
  }

  /** A regular file without a name (O_TMPFILE). */
  createUnnamed(file: NewFile): RamInode {
    if (this.#isRemoved) fail("ENOENT");
    return new RamFile(this.fs, file);
  }

  override createLink(name: string, target: Inode): void {
    if (!(target instanceof RamInode) || target.fs !== this.fs) fail("EXDEV");
    if (target instanceof RamDirectory) fail("EPERM");
    this.#add(name, () => target);
  }

  override unlink(name: string): void {
    const inode = this.lookup(name) ?? fail("ENOENT");
    if (inode instanceof RamDirectory) fail("EISDIR");
    this.#detach(name);
    this.#touch();
    inode.addLinks(-1);
  }

  override removeDirectory(name: string): void {
    const inode = this.lookup(name) ?? fail("ENOENT");
    if (!(inode instanceof RamDirectory)) fail("ENOTDIR");
    if (inode.list().length > 0) fail("ENOTEMPTY");
    this.#detach(name);
    this.#touch();
    inode.#isRemoved = true;
    inode.addLinks(-inode.nlink);
  }

  override rename(name: string, toDirectory: Inode, toName: string, flags: number): void {
    if (!(toDirectory instanceof RamDirectory) || toDirectory.fs !== this.fs) fail("EXDEV");
    if (toDirectory.#isRemoved) fail("ENOENT");
    const source = this.lookup(name) ?? fail("ENOENT");
    const target = toDirectory.lookup(toName);
    if (target === source) return;
    if ((flags & RENAME_NOREPLACE) !== 0 && target !== undefined) fail("EEXIST");
    if ((flags & RENAME_EXCHANGE) !== 0) {
      this.#exchange(name, source, toDirectory, toName, target);
      return;
    }
    if (target !== undefined) toDirectory.#replace(toName, target, source);
    this.#detach(name);
    toDirectory.#attach(toName, source);
    this.#touch();
    toDirectory.#touch();
    source.addLinks(0);
  }

  /** Makes room for `source` at the name of `target`. */
  #replace(name: string, target: RamInode, source: RamInode): void {
    if (source instanceof RamDirectory) {
      if (!(target instanceof RamDirectory)) fail("ENOTDIR");
      this.removeDirectory(name);
    } else {
      if (target instanceof RamDirectory) fail("EISDIR");
      this.unlink(name);
    }
  }

  #exchange(
    name: string,
    source: RamInode,
    other: RamDirectory,
    otherName: string,
    target: RamInode | undefined,
  ): void {
    if (target === undefined) fail("ENOENT");
    this.#detach(name);
    other.#detach(otherName);
    this.#attach(name, target);
    other.#attach(otherName, source);
    this.#touch();
    other.#touch();
    source.addLinks(0);
    target.addLinks(0);
  }

  #add(name: string, make: () => RamInode): RamInode {
    if (this.#isRemoved) fail("ENOENT");
    if (this.lookup(name) !== undefined) fail("EEXIST");
    const inode = make();
    if (!(inode instanceof RamDirectory)) inode.addLinks(1);
    this.#attach(name, inode);
    this.#touch();
    return inode;
  }

  #attach(name: string, inode: RamInode): void {
    if (!this.#names.has(name)) this.fs.budget.addName(name);
    this.#names.set(name, inode);
    if (inode instanceof RamDirectory && this.#countsSubdirectories) this.nlink++;
  }

  /** Takes the name away; what the lower directory has under it is hidden. The entry's own link count is the caller's. */
  #detach(name: string): void {
    const inode = this.#names.get(name);
    if (this.lower?.lookup(name) !== undefined) this.#names.set(name, WHITEOUT);
    else if (this.#names.delete(name)) this.fs.budget.removeName(name);
    if (inode instanceof RamDirectory && this.#countsSubdirectories) this.nlink--;
  }

  #touch(): void {
    this.mtimeNs = this.ctimeNs = this.now();
  }
}
