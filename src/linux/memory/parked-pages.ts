import { PAGE_SIZE } from "../../vmm/index.ts";
import type { Allowance } from "../allowance.ts";

/** Page tables an address space has at the most that matter here: those of 2 GiB. */
const TABLES_LOOKED_AT = 1024;

/** Pages of mappings without any rights, by address: kept for when the rights come back, but in no page table. */
export class ParkedPages {
  readonly #pages: Map<number, number>;
  readonly #allowance: Allowance;

  constructor(pages: Iterable<readonly [address: number, physical: number]>, allowance: Allowance) {
    this.#pages = new Map(pages);
    this.#allowance = allowance;
  }

  get all(): ReadonlyMap<number, number> {
    return this.#pages;
  }

  put(address: number, physical: number): void {
    this.#pages.set(address, physical);
  }

  /** Calls back for each page in [start, end). Takes no longer than the shorter of range and list. */
  forEach(start: number, end: number, visit: (address: number, physical: number) => void): void {
    const rangePages = (end - start) / PAGE_SIZE;
    // Asked for each of a range's mappings, beside a walk through their page tables.
    this.#allowance.work(1 + Math.min(rangePages, this.#pages.size + TABLES_LOOKED_AT));
    if (rangePages > this.#pages.size) {
      for (const [address, physical] of this.#pages) if (address >= start && address < end) visit(address, physical);
      return;
    }
    for (let address = start; address < end; address += PAGE_SIZE) {
      const physical = this.#pages.get(address);
      if (physical !== undefined) visit(address, physical);
    }
  }

  /** The same, and the pages are no longer parked. */
  take(start: number, end: number, visit: (address: number, physical: number) => void): void {
    this.forEach(start, end, (address, physical) => {
      this.#pages.delete(address);
      visit(address, physical);
    });
  }
}
