import { fail } from "../errno.ts";
import { type DirectoryEntry, FileType, type Location, type Stat } from "../vfs/index.ts";
import { Open, OpenFile } from "./open-file.ts";

/** An open regular file, device or synthetic file: reads and writes go to its inode. */
export class InodeFile extends OpenFile {
  override readonly location: Location;

  constructor(location: Location, flags: number) {
    super(flags, location);
    this.location = location;
  }

  get label(): string {
    return this.location.name;
  }

  override stat(): Stat {
    return this.location.inode.stat();
  }

  override get seekable(): boolean {
    return this.location.inode.type === FileType.regular;
  }

  override read(into: Uint8Array, position?: number): number {
    const count = this.location.inode.read(into, position ?? this.position);
    if (position === undefined) this.position += count;
    return count;
  }

  override write(from: Uint8Array, position?: number): number {
    const append = (this.flags & Open.append) !== 0;
    const at = append ? this.stat().sizeBytes : (position ?? this.position);
    const count = this.location.inode.write(from, at);
    if (position === undefined) this.position = at + count;
    return count;
  }
}

/** An open directory: getdents64 walks the listing taken at its start. */
export class DirectoryFile extends OpenFile {
  override readonly location: Location;
  #entries: readonly DirectoryEntry[] | undefined;

  constructor(location: Location, flags: number) {
    super(flags, location);
    this.location = location;
  }

  get label(): string {
    return this.location.name;
  }

  override stat(): Stat {
    return this.location.inode.stat();
  }

  override get seekable(): boolean {
    return true;
  }

  override read(): number {
    return fail("EISDIR");
  }

  /** Entries with "." and ".." first; listed anew when read from the start. */
  entries(): readonly DirectoryEntry[] {
    if (this.#entries === undefined || this.position === 0) {
      const { inode, parent } = this.location;
      const self = { name: ".", ino: inode.stat().ino, type: FileType.directory };
      const up = { name: "..", ino: (parent?.inode ?? inode).stat().ino, type: FileType.directory };
      this.#entries = [self, up, ...inode.list()];
    }
    return this.#entries;
  }
}

/** A descriptor opened with O_PATH: names a file, reads and writes nothing (open(2)). */
export class PathFile extends OpenFile {
  override readonly location: Location;

  constructor(location: Location, flags: number) {
    super(flags, location);
    this.location = location;
  }

  get label(): string {
    return this.location.name;
  }

  override stat(): Stat {
    return this.location.inode.stat();
  }

  override read(): number {
    return fail("EBADF");
  }

  override write(): number {
    return fail("EBADF");
  }
}
