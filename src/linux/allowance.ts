import { LimitReached } from "./limits.ts";

/** Units of work, each about what one page costs, between two looks at the clock: well below a millisecond. */
const UNITS_BETWEEN_LOOKS = 4096;
const PAGE_BYTES = 4096;

/** The pages a run has, and may have. */
interface Pages {
  readonly pagesInUse: number;
  limitPages: number;
}

/** Knows when a run is over. */
export interface Watch {
  /** Looks at the limits that grow with time, and at cancellation; throws when the run is over. */
  look(): void;
}

/**
 * What a run may still use of memory and time while one of its calls is being answered. What is kept for the guest outside
 * its own pages (buffers of pipes, names, queued signals) counts as its memory all the same: it takes from the same limit,
 * as a cgroup counts kernel memory (Documentation/admin-guide/cgroup-v2.rst, "memory.stat").
 */
export class Allowance {
  readonly #pages: Pages;
  readonly #limitBytes: number;
  #chargedBytes = 0;
  #units = 0;
  /**
   * Whoever looks at the time just now. An object with a method, not a function made for each run: V8 remembers functions
   * with all they hold, and young garbage of one run after the other was kept for that.
   */
  watch: Watch | undefined;

  constructor(pages: Pages, limitBytes: number) {
    this.#pages = pages;
    this.#limitBytes = limitBytes;
    this.#apply();
  }

  /** Memory in use, in bytes. */
  get usedBytes(): number {
    return this.#pages.pagesInUse * PAGE_BYTES + this.#chargedBytes;
  }

  /** Ends the run when its memory is used up. */
  charge(bytes: number): void {
    this.#chargedBytes += bytes;
    this.#apply();
    if (this.#pages.pagesInUse > this.#pages.limitPages) throw new LimitReached("memory");
  }

  refund(bytes: number): void {
    this.#chargedBytes -= bytes;
    this.#apply();
  }

  /** To be called in every loop whose length a guest chooses. Ends the run when its time is up. */
  work(units = 1): void {
    this.#units += units;
    if (this.#units < UNITS_BETWEEN_LOOKS) return;
    this.#units = 0;
    this.watch?.look();
  }

  /** Guest pages may fill what is left. */
  #apply(): void {
    this.#pages.limitPages = Math.floor((this.#limitBytes - this.#chargedBytes) / PAGE_BYTES);
  }
}

/** Memory without bounds, for trees and files that belong to no run. */
export function unlimitedAllowance(): Allowance {
  return new Allowance({ pagesInUse: 0, limitPages: 0 }, Number.MAX_SAFE_INTEGER);
}
