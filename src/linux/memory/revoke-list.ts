import { type GuestMemory, PAGE_SIZE } from "../../vmm/index.ts";

/** Above this many separate ranges, dropping every translation at once is cheaper than one host call pair each. */
const RANGES_MAX = 32;

/** Collects physical pages the guest must no longer reach (or only with fewer rights) and drops their translations together. */
export class RevokeList {
  readonly #memory: GuestMemory;
  readonly #pages: number[] = [];

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  add(physical: number): void {
    this.#pages.push(physical);
  }

  flush(): void {
    if (this.#pages.length === 0) return;
    this.#pages.sort((a, b) => a - b);
    const ranges: { start: number; end: number }[] = [];
    for (const page of this.#pages) {
      const last = ranges.at(-1);
      if (last !== undefined && page <= last.end) last.end = Math.max(last.end, page + PAGE_SIZE);
      else ranges.push({ start: page, end: page + PAGE_SIZE });
    }
    if (ranges.length > RANGES_MAX) this.#memory.revokeAll();
    else for (const range of ranges) this.#memory.revoke(range.start, range.end - range.start);
    this.#pages.length = 0;
  }
}
