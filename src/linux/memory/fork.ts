import { isWritable, type Machine, PAGE_SIZE, physicalOf } from "../../vmm/index.ts";
import { AddressSpace } from "./address-space.ts";
import { isShortOfPages } from "./pager.ts";
import { Protection, retainSources, type Vma } from "./vma.ts";

/**
 * A mapping's own pages up to this many, 4 MiB, are copied at once: copying costs about a microsecond a page, and a fault on the first
 * write to it afterwards up to 60 where an exit is dear. Programs' stacks and data are smaller, and both sides go on to write to them.
 */
const COPIED_PAGES_MAX = 1024;
/** Of the memory that is left, the copy of a whole process may take this part: further children need theirs, too. */
const COPIED_PART = 1 / 32;

/** Pages of a process that may be copied at once: none where memory is short. */
function copiesFor({ pages }: Machine): number {
  return isShortOfPages(pages) ? 0 : pages.pagesLeft * COPIED_PART;
}

/** A copy of an address space for a forked child. Large private mappings are copied page by page, when either side writes to one. */
export function forkAddressSpace(parent: AddressSpace): AddressSpace {
  const child = new AddressSpace(parent.machine, parent.cache);
  child.heapStart = parent.heapStart;
  child.heapEnd = parent.heapEnd;
  child.arguments = parent.arguments;
  let copiesLeft = copiesFor(parent.machine);
  for (const vma of parent.vmas.all) {
    if (vma.omitOnFork) continue;
    retainSources(vma, child);
    // Locks on memory are not inherited (mlock(2)).
    child.vmas.insert(vma.lock ? { ...vma, lock: undefined } : vma);
    if (!vma.wipeOnFork) copiesLeft -= copyPages(vma, parent, child, Math.min(COPIED_PAGES_MAX, copiesLeft));
  }
  return child;
}

/** Copies a mapping's own pages unless they are more than `most`; returns how many it copied. */
function copyPages(vma: Vma, parent: AddressSpace, child: AddressSpace, most: number): number {
  const { pages } = parent.machine;
  const executable = (vma.protection & Protection.execute) !== 0;
  const own: number[] = [];
  parent.tables.forEach(vma.start, vma.end, (page, entry) => {
    const physical = physicalOf(entry);
    if (isWritable(entry) && !vma.shared) {
      own.push(page, physical);
      return;
    }
    pages.retain(physical);
    child.tables.map(page, physical, isWritable(entry), executable);
  });
  parent.parked.forEach(vma.start, vma.end, (page, physical) => {
    // Nobody can write to it now; once it is shown again, a write finds that it is not alone with it, and copies. Until then a
    // page of a file stays the file's, as it does for the parent.
    pages.retain(physical);
    child.parked.put(page, physical);
  });
  const isCopied = own.length / 2 <= most;
  if (isCopied) copyAtOnce(own, child, executable);
  else shareUntilWritten(own, parent, child, executable);
  return isCopied ? own.length / 2 : 0;
}

/** @param own pages and the physical ones behind them, in turn */
function copyAtOnce(own: readonly number[], child: AddressSpace, executable: boolean): void {
  const { pages, memory } = child.machine;
  for (let at = 0; at < own.length; ) {
    const { first, count } = pages.allocateUpTo((own.length - at) / 2);
    for (let i = 0; i < count; i++, at += 2) {
      memory.copyPage(first + i * PAGE_SIZE, own[at + 1]);
      child.tables.map(own[at], first + i * PAGE_SIZE, true, executable);
    }
  }
}

/** Both may read them. Who writes first finds that it is not alone with a page, and copies it. */
function shareUntilWritten(
  own: readonly number[],
  parent: AddressSpace,
  child: AddressSpace,
  executable: boolean,
): void {
  for (let at = 0; at < own.length; at += 2) {
    parent.tables.protect(own[at], false, executable);
    child.machine.pages.retain(own[at + 1]);
    child.tables.map(own[at], own[at + 1], false, executable);
  }
}
