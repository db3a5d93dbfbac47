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
    if (vma.shared) pages.retain(physical);
    const copy = vma.shared ? physical : pages.allocate();
    if (!vma.shared) memory.copyPage(copy, physical);
    child.parked.put(page, copy);
  });
  for (let at = 0; at < copies.length; ) {
    const { first, count } = pages.allocateUpTo((copies.length - at) / 2);
    for (let i = 0; i < count; i++, at += 2) {
      memory.copyPage(first + i * PAGE_SIZE, copies[at + 1]);
      child.tables.map(copies[at], first + i * PAGE_SIZE, true, executable);
    }
  }
}
