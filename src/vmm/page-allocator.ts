import { invariant, ZtlError } from "../errors.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { DATA_START, PAGE_SIZE, TABLE_SPAN } from "./layout.ts";

/** Host pages kept present ahead of the bump pointer: one first touch in the guest costs six times a populated one. */
const POPULATE_AHEAD_PAGES = 256;

/** The guest asked for more memory than its limit or its machine has. */
export class OutOfGuestMemory extends ZtlError {
  constructor(pagesInUse: number, limitPages: number) {
    super("out-of-guest-memory", `The guest has ${pagesInUse} of ${limitPages} pages in use and wants more.`, {
      pagesInUse,
      limitPages,
    });
  }
}

/** The allocator's state in an image. */
export interface PageAllocatorImage {
  /** First physical address never handed out. */
  readonly bump: number;
  readonly free: readonly number[];
  /** Reference counts of the pages from the first data page to `bump`, run-length coded: count, repeat, count, repeat... */
  readonly references: readonly number[];
}

/**
 * Physical pages for the guest's data, with reference counts. Fresh pages come from a bump pointer and are zero already;
 * freed ones are zeroed when they are handed out again.
 *
 * In a machine made from an image, pages below the image's bump pointer are used last: what lies above can be rolled back
 * as one range.
 */
export class PageAllocator {
  readonly #memory: GuestMemory;
  readonly #references: Uint32Array;
  #free: number[] = [];
  /** Free pages below {@link #floor}. */
  #freeBelow: number[] = [];
  #bump = DATA_START;
  #floor = DATA_START;
  #populatedTo = DATA_START;
  #pagesInUse = 0;
  #peakPages = 0;
  limitPages: number;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.#references = new Uint32Array(memory.sizeBytes / PAGE_SIZE);
    this.limitPages = (memory.sizeBytes - DATA_START) / PAGE_SIZE;
  }

  get pagesInUse(): number {
    return this.#pagesInUse;
  }

  get peakPages(): number {
    return this.#peakPages;
  }

  /** How many may still be had. */
  get pagesLeft(): number {
    return this.limitPages - this.#pagesInUse;
  }

  /** First physical address never handed out. */
  get bump(): number {
    return this.#bump;
  }

  /** Where pages handed out since the image begin; below it only cold leftovers are ever handed out. */
  get floor(): number {
    return this.#floor;
  }

  /** A zeroed page with one reference. @throws OutOfGuestMemory */
  allocate(): number {
    this.#charge(1);
    const reused = this.#free.pop();
    if (reused !== undefined) return this.#reuse(reused);
    if (this.#bump < this.#memory.sizeBytes) return this.#take(1);
    const below = this.#freeBelow.pop();
    if (below !== undefined) return this.#reuse(below);
    this.#pagesInUse--;
    throw new OutOfGuestMemory(this.#pagesInUse, this.limitPages);
  }

  /**
   * `count` zeroed, physically contiguous pages with one reference each; returns the first.
   * @throws OutOfGuestMemory also when the pages are there but not in one piece; {@link allocate} may then still work.
   */
  allocateRun(count: number): number {
    invariant(count > 0, "a run has at least one page");
    this.#charge(count);
    if (this.#bump + count * PAGE_SIZE <= this.#memory.sizeBytes) return this.#take(count);
    this.#pagesInUse -= count;
    throw new OutOfGuestMemory(this.#pagesInUse, this.limitPages);
  }

  /**
   * As many as possible of `count` zeroed pages in one piece, at least one, with one reference each: for whoever wants
   * many pages and not all in a row. Freed pages come back one by one, when no fresh ones are left or as many were handed out
   * as may be in use: the host's memory behind the guest's never becomes more than that, whatever a guest takes and gives back.
   * @throws OutOfGuestMemory
   */
  allocateUpTo(count: number): { readonly first: number; readonly count: number } {
    invariant(count > 0, "a run has at least one page");
    const { sizeBytes } = this.#memory;
    const end = this.#free.length === 0 ? sizeBytes : Math.min(sizeBytes, this.#floor + this.limitPages * PAGE_SIZE);
    const fresh = Math.min(count, (end - this.#bump) / PAGE_SIZE);
    return fresh > 0 ? { first: this.allocateRun(fresh), count: fresh } : { first: this.allocate(), count: 1 };
  }

  retain(physical: number): void {
    const page = physical >>> 12;
    invariant((this.#references[page] as number) > 0, "only a page in use can be shared");
    this.#references[page] = (this.#references[page] as number) + 1;
  }

  /** Gives one reference back; the page is free when none is left. The caller has removed its translations. */
  release(physical: number): void {
    const page = physical >>> 12;
    const left = (this.#references[page] as number) - 1;
    invariant(left >= 0, "a page is released once per reference");
    this.#references[page] = left;
    if (left > 0) return;
    this.#pagesInUse--;
    const address = page * PAGE_SIZE;
    (address < this.#floor ? this.#freeBelow : this.#free).push(address);
  }

  references(physical: number): number {
    return this.#references[physical >>> 12] as number;
  }

  /** Starts a new peak measurement. */
  resetPeak(): void {
    this.#peakPages = this.#pagesInUse;
  }

  #charge(count: number): void {
    const pages = this.#pagesInUse + count;
    if (pages > this.limitPages) throw new OutOfGuestMemory(this.#pagesInUse, this.limitPages);
    this.#pagesInUse = pages;
  }

  #notePeak(): void {
    if (this.#pagesInUse > this.#peakPages) this.#peakPages = this.#pagesInUse;
  }

  #reuse(physical: number): number {
    this.#memory.zeroPage(physical);
    this.#references[physical >>> 12] = 1;
    this.#notePeak();
    return physical;
  }

  #take(count: number): number {
    const first = this.#bump;
    this.#bump += count * PAGE_SIZE;
    this.#references.fill(1, first >>> 12, this.#bump >>> 12);
    this.#notePeak();
    if (this.#bump > this.#populatedTo) this.#populateAhead();
    return first;
  }

  #populateAhead(): void {
    const end = Math.min(this.#bump + POPULATE_AHEAD_PAGES * PAGE_SIZE, this.#memory.sizeBytes);
    this.#memory.populate(this.#populatedTo, end - this.#populatedTo);
    this.#populatedTo = end;
  }

  /** The host pages from here on are no longer present; called before a {@link rollback} to `from` or below. */
  forgetPopulated(from: number): void {
    this.#populatedTo = Math.min(this.#populatedTo, from);
  }

  /** Takes over the state of another allocator of the same memory size. */
  copyFrom(other: PageAllocator): void {
    this.#floor = other.#floor;
    this.#load(other.toImage());
    this.#peakPages = other.peakPages;
    this.limitPages = other.limitPages;
  }

  /** Every free page that was in use before, zeroed: no leftover may reach an image. */
  zeroFreePages(): void {
    for (const physical of this.#free) this.#memory.zeroPage(physical);
    for (const physical of this.#freeBelow) this.#memory.zeroPage(physical);
  }

  toImage(): PageAllocatorImage {
    return {
      bump: this.#bump,
      free: [...this.#freeBelow, ...this.#free],
      references: encodeRuns(this.#references.subarray(DATA_START >>> 12, this.#bump >>> 12)),
    };
  }

  /**
   * Takes over an image's state. Fresh pages begin at the next 2 MiB boundary: rolling back drops the translations of all
   * of them, and a paravirtual KVM then drops those of the whole 2 MiB around, which should not be the image's own.
   */
  restore(image: PageAllocatorImage): void {
    const { sizeBytes } = this.#memory;
    this.#floor = Math.min(Math.ceil(image.bump / TABLE_SPAN) * TABLE_SPAN, sizeBytes);
    const gap: number[] = [];
    for (let page = this.#floor - PAGE_SIZE; page >= image.bump; page -= PAGE_SIZE) gap.push(page);
    this.#load({ ...image, bump: this.#floor, free: [...gap, ...image.free] });
  }

  #load(image: PageAllocatorImage): void {
    this.#bump = image.bump;
    this.#populatedTo = Math.max(this.#populatedTo, image.bump);
    this.#freeBelow = image.free.filter((page) => page < this.#floor);
    this.#free = image.free.filter((page) => page >= this.#floor);
    this.#references.fill(0);
    decodeRuns(image.references, this.#references, DATA_START >>> 12);
    this.#pagesInUse = (image.bump - DATA_START) / PAGE_SIZE - image.free.length;
    this.#peakPages = this.#pagesInUse;
  }

  /** A cheap copy of the state for {@link rollback}. */
  checkpoint(): PageAllocatorCheckpoint {
    return {
      bump: this.#bump,
      freeBelow: this.#freeBelow.slice(),
      references: this.#references.slice(0, this.#bump >>> 12),
      pagesInUse: this.#pagesInUse,
    };
  }

  rollback(to: PageAllocatorCheckpoint): void {
    this.#references.fill(0, to.bump >>> 12, this.#bump >>> 12);
    this.#references.set(to.references);
    this.#bump = to.bump;
    this.#free = [];
    this.#freeBelow = to.freeBelow.slice();
    this.#pagesInUse = this.#peakPages = to.pagesInUse;
  }
}

/** What {@link PageAllocator.rollback} goes back to. */
export interface PageAllocatorCheckpoint {
  readonly bump: number;
  readonly freeBelow: readonly number[];
  readonly references: Uint32Array;
  readonly pagesInUse: number;
}

function encodeRuns(counts: Uint32Array): number[] {
  const runs: number[] = [];
  for (let i = 0; i < counts.length; ) {
    const start = i;
    while (i < counts.length && counts[i] === counts[start]) i++;
    runs.push(counts[start] as number, i - start);
  }
  return runs;
}

function decodeRuns(runs: readonly number[], into: Uint32Array, start: number): void {
  let at = start;
  for (let i = 0; i < runs.length; i += 2) {
    const length = runs[i + 1] as number;
    into.fill(runs[i] as number, at, at + length);
    at += length;
  }
}
