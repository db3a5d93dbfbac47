import { fail } from "../errno.ts";
import type { OpenFile } from "./open-file.ts";

/** Lock types (asm-generic/fcntl.h). */
export const LockType = { read: 0, write: 1, unlock: 2 } as const;

/** A byte range somebody has locked; `end` is the last byte, or Infinity for "to the end of the file". */
export interface RangeLock {
  /** A process's descriptor table, or an open file description (fcntl(2), "Open file description locks"). */
  readonly owner: object;
  /** Process number as F_GETLK shows it; -1 for a description's lock. */
  readonly pid: number;
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** Ranges one file may have locked: far more than any program asks for. */
const RANGES_MAX = 4096;
/** Ranges that may be locked in all files of a run together; at some 150 bytes each, 2.5 MB. */
const RANGES_IN_ALL_MAX = 16_384;

/** All advisory locks on one file: byte ranges, and whole-file locks of flock(2), which ignore each other. */
export class FileLocks {
  #ranges: RangeLock[] = [];
  readonly #table: LockTable;
  readonly #whole = new Map<OpenFile, "shared" | "exclusive">();

  constructor(table: LockTable) {
    this.#table = table;
  }

  /** The first lock of another that is in the way. */
  conflict(wanted: RangeLock): RangeLock | undefined {
    return this.#ranges.find(
      (held) =>
        held.owner !== wanted.owner &&
        held.start <= wanted.end &&
        wanted.start <= held.end &&
        (held.type === LockType.write || wanted.type === LockType.write),
    );
  }

  /** Sets or clears a range that nobody else holds: its owner's older locks there give way. */
  set(lock: RangeLock): void {
    this.#table.noteGivenWay(lock.owner);
    const kept: RangeLock[] = [];
    let joined = lock;
    for (const old of this.#ranges) {
      const touches = old.owner === lock.owner && old.start <= joined.end + 1 && joined.start <= old.end + 1;
      if (touches && old.type === lock.type) {
        joined = { ...joined, start: Math.min(joined.start, old.start), end: Math.max(joined.end, old.end) };
      } else if (old.owner === lock.owner && old.start <= lock.end && lock.start <= old.end) {
        if (old.start < lock.start) kept.push({ ...old, end: lock.start - 1 });
        if (old.end > lock.end) kept.push({ ...old, start: lock.end + 1 });
      } else kept.push(old);
    }
    if (lock.type !== LockType.unlock) kept.push(joined);
    if (kept.length > RANGES_MAX) fail("ENOLCK");
    this.#table.countRanges(kept.length - this.#ranges.length);
    this.#ranges = kept;
  }

  releaseRanges(owner: object): void {
    this.#table.noteGivenWay(owner);
    if (this.#ranges.length === 0) return;
    const kept = this.#ranges.filter((lock) => lock.owner !== owner);
    this.#table.countRanges(kept.length - this.#ranges.length);
    this.#ranges = kept;
  }

  /** flock(2): true when granted. Changing the kind is letting go and asking anew. */
  lockWhole(file: OpenFile, kind: "shared" | "exclusive"): boolean {
    if (this.#whole.get(file) === kind) return true;
    this.#whole.delete(file);
    const isFree = kind === "shared" ? ![...this.#whole.values()].includes("exclusive") : this.#whole.size === 0;
    if (isFree) this.#whole.set(file, kind);
    return isFree;
  }

  /** True when {@link lockWhole} would be granted. */
  isWholeFree(file: OpenFile, kind: "shared" | "exclusive"): boolean {
    for (const [holder, held] of this.#whole)
      if (holder !== file && (kind === "exclusive" || held === "exclusive")) return false;
    return true;
  }

  releaseWhole(file: OpenFile): void {
    this.#whole.delete(file);
  }
}

/** The advisory locks of one run: nothing of them outlives it, though what is known of host files does. */
export class LockTable {
  readonly #byFile = new WeakMap<object, FileLocks>();
  /** Who waits for whom, so that a circle of processes is noticed. */
  readonly #waitingFor = new Map<object, object>();
  #ranges = 0;
  /** Whether anybody has asked for a lock yet. */
  isUsed = false;

  /** So many ranges more (or fewer) are locked: ENOLCK when there are too many. */
  countRanges(more: number): void {
    if (more > 0 && this.#ranges + more > RANGES_IN_ALL_MAX) fail("ENOLCK");
    this.#ranges += more;
  }

  /** The locks of the file behind a description: of its inode, so that every name and opener sees the same. */
  of(file: OpenFile): FileLocks {
    this.isUsed = true;
    const key = file.location?.inode ?? file;
    let locks = this.#byFile.get(key);
    if (!locks) {
      locks = new FileLocks(this);
      this.#byFile.set(key, locks);
    }
    return locks;
  }

  /** Notes that one waits for the other: EDEADLK when that closes a circle. */
  noteWaiting(waiter: object, holder: object): void {
    let next: object | undefined = holder;
    for (let steps = 0; next !== undefined && steps < RANGES_MAX; steps++) {
      if (next === waiter) fail("EDEADLK");
      next = this.#waitingFor.get(next);
    }
    this.#waitingFor.set(waiter, holder);
  }

  noteNotWaiting(waiter: object): void {
    this.#waitingFor.delete(waiter);
  }

  /** Whoever waited for this owner finds out anew whether it still has to. */
  noteGivenWay(holder: object): void {
    for (const [waiter, awaited] of this.#waitingFor) if (awaited === holder) this.#waitingFor.delete(waiter);
  }

  /** A process closed one of its descriptors for the file: all its record locks on it are gone (fcntl(2)). */
  releaseRecordLocks(file: OpenFile, owner: object): void {
    this.noteNotWaiting(owner);
    this.#byFile.get(file.location?.inode ?? file)?.releaseRanges(owner);
  }

  /** The last descriptor of a description was closed. */
  releaseDescriptionLocks(file: OpenFile): void {
    const locks = this.#byFile.get(file.location?.inode ?? file);
    locks?.releaseRanges(file);
    locks?.releaseWhole(file);
  }
}
