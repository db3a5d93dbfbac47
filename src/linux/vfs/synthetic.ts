import { fail } from "../errno.ts";
import { fixedStat, newFixedIno } from "./fixed.ts";
import { type Attributes, type DirectoryEntry, FileType, Inode, type Stat } from "./inode.ts";
import type { Location } from "./location.ts";
import { MagicLink } from "./walk.ts";

/** Owner of synthetic files that belong to a process. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const ROOT_OWNER: Owner = { uid: 0, gid: 0 };

function syntheticStat(ino: number, mode: number, owner: Owner, sizeBytes = 0): Stat {
  return { ...fixedStat(ino, mode, sizeBytes), uid: owner.uid, gid: owner.gid };
}

/** A directory whose entries are computed when asked for. */
export class SyntheticDirectory extends Inode {
  override readonly type = FileType.directory;
  readonly #entries: SyntheticEntries;
  readonly #ino = newFixedIno();
  readonly #mode: number;
  readonly #owner: Owner;

  constructor(entries: SyntheticEntries, mode = 0o555, owner: Owner = ROOT_OWNER) {
    super();
    this.#entries = entries;
    this.#mode = mode;
    this.#owner = owner;
  }

  override stat(): Stat {
    return { ...syntheticStat(this.#ino, FileType.directory | this.#mode, this.#owner), nlink: 2 };
  }

  override lookup(name: string): Inode | undefined {
    return this.#entries.get(name);
  }

  override list(): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    for (const name of this.#entries.names()) {
      const inode = this.#entries.get(name);
      if (inode !== undefined) entries.push({ name, ino: inode.stat().ino, type: inode.type });
    }
    return entries;
  }
}

/** What a synthetic directory holds; a Map of inodes is the fixed kind: {@link fixedEntries}. */
export interface SyntheticEntries {
  get(name: string): Inode | undefined;
  names(): Iterable<string>;
}

export function fixedEntries(entries: ReadonlyMap<string, Inode>): SyntheticEntries {
  return { get: (name) => entries.get(name), names: () => entries.keys() };
}

/** Text computed when the file is opened: one description sees one content, as most of /proc does. */
export class SyntheticFile extends Inode {
  override readonly type = FileType.regular;
  readonly #content: () => string | Uint8Array;
  readonly #write: ((text: string) => void) | undefined;
  readonly #owner: Owner;
  readonly #mode: number;
  readonly #ino = newFixedIno();

  /** @param content a byte string, or the bytes. @param write takes what is written, each write by itself; absent: not writable. */
  constructor(
    content: () => string | Uint8Array,
    options: { readonly write?: (text: string) => void; readonly mode?: number; readonly owner?: Owner } = {},
  ) {
    super();
    this.#content = content;
    this.#write = options.write;
    this.#mode = options.mode ?? (options.write === undefined ? 0o444 : 0o644);
    this.#owner = options.owner ?? ROOT_OWNER;
  }

  override stat(): Stat {
    return syntheticStat(this.#ino, FileType.regular | this.#mode, this.#owner);
  }

  override open(): Inode {
    const content = this.#content();
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    return new OpenedText(this.stat(), bytes, this.#write);
  }

  override read(into: Uint8Array, position: number): number {
    return this.open().read(into, position);
  }
}

/** The content a synthetic file had when it was opened. */
class OpenedText extends Inode {
  override readonly type = FileType.regular;
  readonly #stat: Stat;
  readonly #content: Uint8Array;
  readonly #write: ((text: string) => void) | undefined;

  constructor(stat: Stat, content: Uint8Array, write: ((text: string) => void) | undefined) {
    super();
    this.#stat = stat;
    this.#content = content;
    this.#write = write;
  }

  override stat(): Stat {
    return this.#stat;
  }

  override get heldBytes(): number {
    return this.#content.length;
  }

  override read(into: Uint8Array, position: number): number {
    const part = this.#content.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  override write(from: Uint8Array, _position: number): number {
    if (this.#write === undefined) return fail("EIO");
    this.#write(Buffer.from(from).toString("latin1"));
    return from.length;
  }

  /** The shell opens with O_TRUNC to write; there is nothing to cut. */
  override truncate(_sizeBytes: number): void {}
  override setAttributes(_attributes: Attributes): void {
    fail("EPERM");
  }
}

/** A symbolic link whose target is computed. */
export class SyntheticSymlink extends Inode {
  override readonly type = FileType.symlink;
  readonly #target: () => string;
  readonly #ino = newFixedIno();

  constructor(target: () => string) {
    super();
    this.#target = target;
  }

  override stat(): Stat {
    return syntheticStat(this.#ino, FileType.symlink | 0o777, ROOT_OWNER);
  }

  override readlink(): string {
    return this.#target();
  }
}

/** Where a link of /proc leads. */
export interface ProcLink {
  /** What readlink(2) gives: a path, or "pipe:[7]". */
  readonly text: () => string;
  /** The object itself; undefined when it is gone. */
  readonly follow: () => Location | undefined;
}

/** A link of /proc: shows a path, leads to the object even when that path is gone. */
export class SyntheticMagicLink extends MagicLink {
  readonly #link: ProcLink;
  readonly #owner: Owner;
  readonly #ino: number;

  constructor(link: ProcLink, owner: Owner, ino = newFixedIno()) {
    super();
    this.#link = link;
    this.#owner = owner;
    this.#ino = ino;
  }

  override stat(): Stat {
    return syntheticStat(this.#ino, FileType.symlink | 0o777, this.#owner, 64);
  }

  override readlink(): string {
    return this.#link.text();
  }

  override follow(): Location | undefined {
    return this.#link.follow();
  }
}
