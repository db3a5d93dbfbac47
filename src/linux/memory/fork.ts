import { isWritable, PAGE_SIZE, physicalOf } from "../../vmm/index.ts";
import { AddressSpace } from "./address-space.ts";
import { Protection, retainSources, type Vma } from "./vma.ts";

/**
 * A copy of an address space for a forked child. Private writable pages are copied at once: on a host with shadow paging,
 * write-protecting the parent's pages would cost each of them a first touch again, which is dearer than the copy.
 */
export function forkAddressSpace(parent: AddressSpace): AddressSpace {
  const child = new AddressSpace(parent.machine, parent.cache);
  child.heapStart = parent.heapStart;
  child.heapEnd = parent.heapEnd;
  child.arguments = parent.arguments;
  for (const vma of parent.vmas.all) {
    if (vma.omitOnFork) continue;
    retainSources(vma, child);
    // Locks on memory are not inherited (mlock(2)).
    child.vmas.insert(vma.lock ? { ...vma, lock: undefined } : vma);
    if (!vma.wipeOnFork) copyPages(vma, parent, child);
  }
  return child;
}

function copyPages(vma: Vma, parent: AddressSpace, child: AddressSpace): void {
  const { pages, memory } = parent.machine;
  const executable = (vma.protection & Protection.execute) !== 0;
  const copies: number[] = [];
  parent.tables.forEach(vma.start, vma.end, (page, entry) => {
    const physical = physicalOf(entry);
    if (isWritable(entry) && !vma.shared) {
      copies.push(page, physical);
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
  for (let at = 0; at < copies.length; ) {
    const { first, count } = pages.allocateUpTo((copies.length - at) / 2);
    for (let i = 0; i < count; i++, at += 2) {
      memory.copyPage(first + i * PAGE_SIZE, copies[at + 1]);
      child.tables.map(copies[at], first + i * PAGE_SIZE, true, executable);
    }
  }
}
