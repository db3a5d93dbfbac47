import type { Allowance } from "../allowance.ts";
import { fail } from "../errno.ts";
import { type DirectoryEntry, FileType, type Location, type Stat } from "../vfs/index.ts";
import { Open, OpenFile } from "./open-file.ts";

/** An open file that was found by its name. */
abstract class NamedFile extends OpenFile {
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
}

/** An open regular file, device or synthetic file: reads and writes go to its inode, whose content stays though its name goes. */
export class InodeFile extends NamedFile {
  constructor(location: Location, flags: number) {
    super(location, flags);
    location.inode.retain();
  }

  protected override closed(): void {
    this.location.inode.release();
  }

  override get seekable(): boolean {
    return this.location.inode.type === FileType.regular;
  }

  override get takesPosition(): boolean {
    return this.seekable || this.location.inode.staysAtStart;
  }

  override bytesFrom(position = this.position): number | undefined {
    const { inode } = this.location;
    return inode.tellsSize ? Math.max(inode.stat().sizeBytes - position, 0) : undefined;
  }

  override read(into: Uint8Array, position?: number): number {
    const count = this.location.inode.read(into, position ?? this.position);
    if (position === undefined && this.seekable) this.position += count;
    return count;
  }

  override write(from: Uint8Array, position?: number): number {
    const append = (this.flags & Open.append) !== 0;
    const at = append ? this.stat().sizeBytes : (position ?? this.position);
    const count = this.location.inode.write(from, at);
    if (position === undefined && this.seekable) this.position = at + count;
    return count;
  }
}

/** What an entry of a listing counts as memory while its directory is open. */
const LISTED_BYTES = 64;

/** An open directory; its entries are read with getdents64. */
export class DirectoryFile extends NamedFile {
  readonly #allowance: Allowance;
  #listing: readonly DirectoryEntry[] = [];

  constructor(location: Location, flags: number, allowance: Allowance) {
    super(location, flags);
    this.#allowance = allowance;
  }

  /** What it is read from: taken when it is read from the start, and kept until it is again or is closed. */
  get listing(): readonly DirectoryEntry[] {
    return this.#listing;
  }

  set listing(entries: readonly DirectoryEntry[]) {
    this.#allowance.charge((entries.length - this.#listing.length) * LISTED_BYTES);
    this.#listing = entries;
  }

  protected override closed(): void {
    this.listing = [];
  }

  override get seekable(): boolean {
    return true;
  }

  override read(): number {
    return fail("EISDIR");
  }
}

/** A descriptor opened with O_PATH: names a file, reads and writes nothing (open(2)). */
export class PathFile extends NamedFile {
  override read(): number {
    return fail("EBADF");
  }

  override write(): number {
    return fail("EBADF");
  }
}
