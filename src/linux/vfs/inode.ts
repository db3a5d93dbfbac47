import { type ErrnoName, fail } from "../errno.ts";

/**
 * The `FileSystem` seam: what the path walk and the system calls may ask of a file. Names and paths inside the
 * personality are byte strings (base/byte-string.ts; the type is given where they leave it), because Linux names are bytes, not text.
 */

/** File type bits of `st_mode` (inode(7)). */
export const FileType = {
  fifo: 0o010000,
  characterDevice: 0o020000,
  directory: 0o040000,
  blockDevice: 0o060000,
  regular: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;
export const FILE_TYPE_MASK = 0o170000;

/** What stat(2) tells; times in nanoseconds since the epoch. */
export interface Stat {
  readonly dev: number;
  readonly ino: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly sizeBytes: number;
  /** In units of 512 bytes. */
  readonly blocks: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Attributes to change; what is absent stays. */
export interface Attributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly atimeNs?: bigint;
  readonly mtimeNs?: bigint;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** One of {@link FileType}. */
  readonly type: number;
}

/** Guest pages that show a file which may change, and are its content while they exist. */
export interface SharedFilePages {
  /** The live bytes of that page (4096 of them; writing to them writes to the mapping), or undefined when none is there. */
  page(pageIndex: number): Uint8Array | undefined;
  /** Indexes of the pages that are there. */
  pages(): Iterable<number>;
  /** Indexes of the pages that the guest may have written to. All others hold what the file was last told. */
  writable(): ReadonlySet<number>;
  /** Called after the file system itself wrote to a page, so that rollback knows. */
  written(pageIndex: number): void;
  /** The file ends before this page now: nothing shows it, nor those behind it, any longer. */
  endAt(pageIndex: number): void;
}

/** Owner and permissions of a file about to be made. */
export interface NewFile {
  /** Permission bits, umask already applied. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * One file object. The same file is always the same object (identity is `===`), so hard links, open descriptions and
 * mappings agree. The base class refuses everything with the errno Linux gives; a kind of file overrides what it can do.
 */
export abstract class Inode {
  /** One of {@link FileType}; never changes. */
  abstract readonly type: number;
  abstract stat(): Stat;

  /** True when this file can never be written (read-only mount or synthetic file); writers get EROFS. */
  get readOnly(): boolean {
    return false;
  }

  /** True while attributes, and the content of a file, change by system calls alone: what was told of it holds until one is made. */
  get isStill(): boolean {
    return false;
  }

  // --- lifetime ---
  /** The object an open description works on: itself, or a snapshot of content computed now. May refuse (ENXIO). */
  open(): Inode {
    return this;
  }
  /** An open description or a mapping holds this file: its content stays though its last name goes. */
  retain(): void {}
  /** Ends one {@link retain}. */
  release(): void {}
  /** Whether anything does. */
  get isHeld(): boolean {
    return false;
  }
  /** Bytes of memory that only this object holds, for as long as it is open. */
  get heldBytes(): number {
    return 0;
  }
  /** This part of the content reached the guest without {@link read}, from pages kept by {@link contentKey}. */
  noteRead(_position: number, _length: number): void {}

  // --- directories ---
  /** The entry of that name, or undefined. Never called with "", "." or "..". */
  lookup(_name: string): Inode | undefined {
    return fail("ENOTDIR");
  }
  /** All entries but "." and "..", in a stable order. */
  list(): readonly DirectoryEntry[] {
    return fail("ENOTDIR");
  }
  /**
   * What {@link lookup} and then {@link stat} will tell of that name as long as nothing changes, when it is no symbolic link.
   * Looking ahead is no part of the run: nothing that the guest may find out is different afterwards, its memory included.
   * Undefined when there is nothing or it cannot be told.
   */
  foresee(_name: string): Stat | undefined {
    return undefined;
  }
  /** In the same way what {@link list} will give; undefined as well for more than `entriesMax`. */
  foreseeEntries(_entriesMax: number): readonly DirectoryEntry[] | undefined {
    return undefined;
  }
  createFile(_name: string, _file: NewFile): Inode {
    return this.#refuse("EACCES");
  }
  createDirectory(_name: string, _file: NewFile): Inode {
    return this.#refuse("EACCES");
  }
  createSymlink(_name: string, _target: string, _file: NewFile): Inode {
    return this.#refuse("EACCES");
  }
  /** A named pipe or device node; `type` is one of {@link FileType}. */
  createSpecial(_name: string, _type: number, _rdev: number, _file: NewFile): Inode {
    return this.#refuse("EPERM");
  }
  /** Makes `name` another name of `target`; EXDEV when it lives elsewhere. */
  createLink(_name: string, _target: Inode): void {
    this.#refuse("EXDEV");
  }
  /** Removes a name that is not a directory. */
  unlink(_name: string): void {
    this.#refuse("EPERM");
  }
  removeDirectory(_name: string): void {
    this.#refuse("EPERM");
  }
  /** rename(2) and renameat2(2): `flags` holds RENAME_NOREPLACE (1) and RENAME_EXCHANGE (2). Loop checks are done by the caller. */
  rename(_name: string, _toDirectory: Inode, _toName: string, _flags: number): void {
    this.#refuse("EXDEV");
  }

  // --- symbolic links ---
  readlink(): string {
    return fail("EINVAL");
  }

  // --- file content ---
  /** True for devices that let a program seek, but to no place other than the start (null_lseek, drivers/char/mem.c). */
  get staysAtStart(): boolean {
    return false;
  }
  /** True when {@link stat} tells how much there is to read; a file that is made up when it is read shows 0 (/proc). */
  get tellsSize(): boolean {
    return false;
  }
  /**
   * From where on there is content at or behind a position inside the file, for SEEK_DATA; undefined when only zeros follow.
   * A file that knows of no holes has content everywhere (lseek(2)).
   */
  nextData(position: number): number | undefined {
    return position;
  }
  /** Where the next hole at or behind a position inside the file begins, for SEEK_HOLE: one lies behind the end of every file. */
  nextHole(_position: number): number {
    return this.stat().sizeBytes;
  }
  /** Copies up to `into.length` bytes from `position`; returns how many (0 at the end). */
  read(_into: Uint8Array, _position: number): number {
    return fail("EINVAL");
  }
  /** Writes all of `from` at `position` (growing the file, zero-filling a gap); returns how many. */
  write(_from: Uint8Array, _position: number): number {
    return this.#refuse("EINVAL");
  }
  truncate(_sizeBytes: number): void {
    this.#refuse("EINVAL");
  }
  /** Makes zeros of [start, end) as far as the file reaches (fallocate(2), FALLOC_FL_PUNCH_HOLE). */
  clear(_start: number, _end: number): void {
    this.#refuse("EOPNOTSUPP");
  }
  /** True when its content may change and {@link attachSharedPages} is there for it. */
  get sharesPages(): boolean {
    return false;
  }
  /**
   * From now on these guest pages are the truth for this file; returns the end of that, which takes the pages' content
   * over. ENODEV when the file cannot be mapped so.
   */
  attachSharedPages(_pages: SharedFilePages): () => void {
    return fail("ENODEV");
  }
  setAttributes(_attributes: Attributes): void {
    this.#refuse("EPERM");
  }

  /**
   * A key that names this content as long as it cannot change (host files on read-only trees: device, inode, size, times),
   * so that mapped pages can be shared between processes and runs. Undefined for content that may change.
   */
  contentKey(): string | undefined {
    return undefined;
  }

  #refuse(otherwise: ErrnoName): never {
    return fail(this.readOnly ? "EROFS" : otherwise);
  }
}
