import { type Allowance, unlimitedAllowance } from "../allowance.ts";
import { LimitReached } from "../limits.ts";

/** Thrown when the files a run wrote outgrow its limit: the run ends, since a guest told ENOSPC could try for ever. */
export class OverlayFull extends LimitReached {
  constructor() {
    super("overlay");
  }
}

/** Names a run may make; a change set with so many is what a result can still carry and a person's tools still open. */
export const NAMES_MAX = 200_000;
/** What a name counts as memory, beside its length: an inode and a directory entry in our heap (on ext4 some 1.2 KB). */
const NAME_BYTES = 1024;
/** What looking at a file of the host counts as memory. */
export const HOST_INODE_BYTES = 1024;
/** What an entry of a listing counts as memory beside its file. */
export const LISTED_BYTES = 128;

/** What all overlays and tmpfs of one run may hold together. What they hold is the run's memory, too. */
export class ByteBudget {
  readonly limitBytes: number;
  readonly limitNames: number;
  readonly allowance: Allowance;
  usedBytes = 0;
  usedNames = 0;

  constructor(limitBytes: number, limitNames = NAMES_MAX, allowance = unlimitedAllowance()) {
    this.limitBytes = limitBytes;
    this.limitNames = limitNames;
    this.allowance = allowance;
  }

  allocate(bytes: number): void {
    if (this.usedBytes + bytes > this.limitBytes) throw new OverlayFull();
    this.usedBytes += bytes;
  }

  free(bytes: number): void {
    this.usedBytes -= bytes;
  }

  addName(name: string): void {
    if (this.usedNames >= this.limitNames) throw new LimitReached("names");
    this.allowance.charge(NAME_BYTES + name.length);
    this.usedNames++;
  }

  removeName(name: string): void {
    this.usedNames--;
    this.allowance.refund(NAME_BYTES + name.length);
  }
}

/**
 * What one file takes of the budget: the buffers that hold it and, where it would be handed out, its whole size, holes and
 * what is still the host's included, since that is what a result would have to carry.
 */
export class FileCharge {
  readonly #budget: ByteBudget;
  #sizeBytes = 0;
  #allocatedBytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** The file is, or is about to be, handed out with this size. */
  resize(sizeBytes: number): void {
    this.#set(sizeBytes, this.#allocatedBytes);
  }

  allocate(bytes: number): void {
    this.#set(this.#sizeBytes, this.#allocatedBytes + bytes);
    this.#budget.allowance.charge(bytes);
  }

  free(bytes: number): void {
    this.#set(this.#sizeBytes, this.#allocatedBytes - bytes);
    this.#budget.allowance.refund(bytes);
  }

  /** For every step of a walk through the file. */
  work(units?: number): void {
    this.#budget.allowance.work(units);
  }

  #set(sizeBytes: number, allocatedBytes: number): void {
    const more = Math.max(sizeBytes, allocatedBytes) - Math.max(this.#sizeBytes, this.#allocatedBytes);
    if (more > 0) this.#budget.allocate(more);
    else this.#budget.free(-more);
    this.#sizeBytes = sizeBytes;
    this.#allocatedBytes = allocatedBytes;
  }
}
