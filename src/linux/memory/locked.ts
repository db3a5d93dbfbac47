import { PAGE_SIZE } from "../../vmm/index.ts";
import type { AddressSpace } from "./address-space.ts";
import { permits } from "./rights.ts";
import { Protection } from "./vma.ts";

/**
 * Brings in the pages of a range that is locked at once, as far as it is. Private pages that may be written to are copied
 * as if they had been: what is locked shows nothing that is written to its file later. Ends at the first page that cannot
 * be had, and then returns false: pages without any rights, or behind the end of a file (mm/gup.c, __mm_populate).
 */
export function bringInLocked(space: AddressSpace, start: number, end: number): boolean {
  for (const vma of space.vmas.overlapping(start, end)) {
    if (vma.lock !== "at-once") continue;
    if (vma.protection === Protection.none) return false;
    const write = !vma.shared && permits(vma.protection, "write");
    for (let page = Math.max(start, vma.start); page < Math.min(end, vma.end); page += PAGE_SIZE) {
      space.cache.allowance.work();
      if (space.translate(page, write) < 0) return false;
    }
  }
  return true;
}
