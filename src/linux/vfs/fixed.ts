import { sha256Hex } from "../../base/sha256.ts";
import { type DirectoryEntry, FileType, Inode, type Stat } from "./inode.ts";

/** Device number of files that come with the personality itself. */
const FIXED_DEV = 0x10;
let nextIno = 1;

/** A new inode number for a file of the personality itself. */
export function newFixedIno(): number {
  return nextIno++;
}

/** The number the next file gets, for {@link restartFixedInos}. */
export function nextFixedIno(): number {
  return nextIno;
}

/** At the start of a run, whose own files (those of /proc) come after its configuration's: equal runs see equal numbers. */
export function restartFixedInos(next: number): void {
  nextIno = next;
}

export function fixedStat(ino: number, mode: number, sizeBytes: number, timeNs = 0n): Stat {
  return {
    dev: FIXED_DEV,
    ino,
    mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    sizeBytes,
    blocks: Math.ceil(sizeBytes / 512),
    atimeNs: timeNs,
    mtimeNs: timeNs,
    ctimeNs: timeNs,
  };
}

/** A read-only file whose content the configuration gives. */
export class FixedFile extends Inode {
  override readonly type = FileType.regular;
  readonly #content: Uint8Array;
  readonly #stat: Stat;
  #key: string | undefined;

  constructor(content: Uint8Array, mode: number) {
    super();
    this.#content = content;
    this.#stat = fixedStat(newFixedIno(), FileType.regular | mode, content.length);
  }

  override get tellsSize(): boolean {
    return true;
  }

  override get readOnly(): boolean {
    return true;
  }
  override stat(): Stat {
    return this.#stat;
  }
  override read(into: Uint8Array, position: number): number {
    const part = this.#content.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }
  override contentKey(): string {
    this.#key ??= `content:${sha256Hex(this.#content)}`;
    return this.#key;
  }
}

/** A symbolic link the configuration gives. */
export class FixedSymlink extends Inode {
  override readonly type = FileType.symlink;
  readonly #target: string;
  readonly #stat: Stat;

  constructor(target: string) {
    super();
    this.#target = target;
    this.#stat = fixedStat(newFixedIno(), FileType.symlink | 0o777, target.length);
  }

  override get readOnly(): boolean {
    return true;
  }
  override stat(): Stat {
    return this.#stat;
  }
  override readlink(): string {
    return this.#target;
  }
}

/** A directory that exists only because something is mounted below it. Its entries are those mounts. */
export class EmptyDirectory extends Inode {
  override readonly type = FileType.directory;
  readonly #stat = fixedStat(newFixedIno(), FileType.directory | 0o755, 0);

  override get readOnly(): boolean {
    return true;
  }
  override stat(): Stat {
    return this.#stat;
  }
  override lookup(_name: string): Inode | undefined {
    return undefined;
  }
  override list(): readonly DirectoryEntry[] {
    return [];
  }
}
