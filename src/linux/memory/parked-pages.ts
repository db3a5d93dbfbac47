import { PAGE_SIZE } from "../../vmm/index.ts";

/** Pages of mappings without any rights, by address: kept for when the rights come back, but in no page table. */
export class ParkedPages {
  readonly #pages: Map<number, number>;

  constructor(pages: Iterable<readonly [address: number, physical: number]> = []) {
    this.#pages = new Map(pages);
  }

  get all(): ReadonlyMap<number, number> {
    return this.#pages;
  }

  put(address: number, physical: number): void {
    this.#pages.set(address, physical);
  }

  /** Calls back for each page in [start, end). Takes no longer than the shorter of range and list. */
  forEach(start: number, end: number, visit: (address: number, physical: number) => void): void {
    if ((end - start) / PAGE_SIZE > this.#pages.size) {
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
