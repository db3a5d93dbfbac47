import type { Allowance } from "../allowance.ts";
import { fail } from "../errno.ts";
import { LimitReached } from "../limits.ts";
import type { Location, Owner, Stat } from "../vfs/index.ts";
import { LockTable } from "./locks.ts";

/** open(2) flags (asm-generic/fcntl.h). */
export const Open = {
  accessMode: 3,
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  append: 0o2000,
  nonBlock: 0o4000,
  directory: 0o200000,
  noFollow: 0o400000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
} as const;

/** The flags fcntl(F_SETFL) may change. */
export const SETTABLE_FLAGS =
  Open.append | Open.nonBlock | 0o20000 /* O_ASYNC */ | 0o40000 /* O_DIRECT */ | 0o1000000; /* O_NOATIME */

/** poll(2) events (asm-generic/poll.h). */
export const Poll = {
  in: 1,
  pri: 2,
  out: 4,
  err: 8,
  hup: 16,
  nval: 32,
  rdNorm: 64,
  wrNorm: 256,
  wrBand: 512,
  rdHup: 0x2000,
} as const;

/** Counts the open file descriptions of a run against its limit, and knows the locks they hold. */
export class OpenFileCount {
  readonly locks = new LockTable();
  /** What tables and buffers of these files count as the memory of. */
  readonly allowance: Allowance;
  #count = 0;
  readonly #limit: number;
  /** Set while files are being closed: closing one may close others, which wait here rather than on the stack. */
  #closing: OpenFile[] | undefined;
  readonly #onClose: (file: OpenFile) => void;

  constructor(limit: number, allowance: Allowance, onClose: (file: OpenFile) => void) {
    this.#onClose = onClose;
    this.#limit = limit;
    this.allowance = allowance;
  }

  get count(): number {
    return this.#count;
  }

  add(): void {
    if (++this.#count > this.#limit) throw new LimitReached("files");
  }

  /** The last reference to the file is gone. */
  remove(file: OpenFile): void {
    this.#count--;
    this.locks.releaseDescriptionLocks(file);
    if (this.#closing !== undefined) {
      this.#closing.push(file);
      return;
    }
    this.#closing = [file];
    try {
      for (let next = this.#closing.pop(); next !== undefined; next = this.#closing.pop()) {
        next.close();
        this.#onClose(next);
      }
    } finally {
      this.#closing = undefined;
    }
  }
}

/**
 * An open file description (open(2), "Open file descriptions"): what descriptors in one or more processes refer to. A kind
 * of file overrides what it can do; everything else gets the errno Linux gives.
 */
export abstract class OpenFile {
  /** Access mode and status flags. */
  flags: number;
  /** Where the file was found in the file system, for files that have a name. */
  readonly location: Location | undefined;
  position = 0;
  #references = 0;

  constructor(flags: number, location?: Location) {
    this.flags = flags;
    this.location = location;
  }

  /** What /proc/PID/fd shows when there is no path, such as "pipe:[7]". */
  abstract readonly label: string;
  abstract stat(): Stat;

  get nonBlocking(): boolean {
    return (this.flags & Open.nonBlock) !== 0;
  }

  retain(count: OpenFileCount): this {
    if (this.#references++ === 0) count.add();
    return this;
  }

  release(count: OpenFileCount): void {
    if (--this.#references > 0) return;
    count.remove(this);
  }

  /** For {@link OpenFileCount}. */
  close(): void {
    this.closed();
  }

  get references(): number {
    return this.#references;
  }

  /** Called when the last descriptor is gone. */
  protected closed(): void {}

  /** Copies at most `into.length` bytes; 0 at the end, {@link BLOCKED} when there is nothing yet. `position` absent: the file's own. */
  read(_into: Uint8Array, _position?: number): number {
    return fail("EINVAL");
  }

  /** Takes at most `from.length` bytes; {@link BLOCKED} when there is no room yet. */
  write(_from: Uint8Array, _position?: number): number {
    return fail("EINVAL");
  }

  /** How long a read waits for its first byte before it gives none; undefined: for ever (termios(3), VTIME). */
  get readTimeoutMs(): number | undefined {
    return undefined;
  }

  /** Room for an atomic write of this size; pipes say no to less than PIPE_BUF until it fits. */
  canTake(_length: number): boolean {
    return true;
  }

  /** How many bytes there are to read from `position` on (by default its own), where that is known beforehand. */
  bytesFrom(_position?: number): number | undefined {
    return undefined;
  }

  /** True when reads and writes have a place, which moves along. */
  get seekable(): boolean {
    return false;
  }

  /** True when pread and lseek are not refused, though they may change nothing. */
  get takesPosition(): boolean {
    return this.seekable;
  }

  /** True when reads and writes move whole records, which must not be cut at page borders (eventfd and its like). */
  get movesRecords(): boolean {
    return false;
  }

  /**
   * A count that grows whenever one of these events comes anew: an edge for epoll(7), though the state may look the same as
   * before. 0 for files whose state alone tells.
   */
  activity(_events: number): number {
    return 0;
  }

  /** Which of the poll events hold now. */
  poll(): number {
    return Poll.in | Poll.out | Poll.rdNorm | Poll.wrNorm;
  }

  /** Bytes waiting to be read, for FIONREAD; undefined when the question makes no sense. */
  get readableBytes(): number | undefined {
    return undefined;
  }
}

const ROOT_OWNER: Owner = { uid: 0, gid: 0 };

let nextAnonymousInode = 1;

/** At the start of a run: what ran in this process before is not to be seen from the numbers. */
export function restartAnonymousInodes(): void {
  nextAnonymousInode = 1;
}

/** An inode number for a file without a file system, as Linux takes them from one pseudo file system. */
export function anonymousInode(): number {
  return nextAnonymousInode++;
}

/** stat of a pipe, socket or other file that lives in no directory; pipes belong to who made them, most others to root. */
export function anonymousStat(mode: number, ino: number, owner: Owner = ROOT_OWNER): Stat {
  return {
    dev: 12,
    ino,
    mode,
    nlink: 1,
    uid: owner.uid,
    gid: owner.gid,
    rdev: 0,
    sizeBytes: 0,
    blocks: 0,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: 0n,
  };
}
