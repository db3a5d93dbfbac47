import {
  isWritable,
  type Machine,
  PAGE_SIZE,
  type PageTables,
  physicalOf,
  USER_ADDRESS_LIMIT,
  USER_ADDRESS_START,
} from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { MAPPINGS_MAX } from "../limits.ts";
import { bringInLocked } from "./locked.ts";
import type { PageCache } from "./page-cache.ts";
import { pageCeil, pageFloor } from "./page-math.ts";
import { ANONYMOUS_EAGER_PAGES, ANONYMOUS_WINDOW, type FaultResult, Pager } from "./pager.ts";
import { ParkedPages } from "./parked-pages.ts";
import { type Access, checkPlace, permits } from "./rights.ts";
import type { PageSharer, SharedPages } from "./shared-pages.ts";
import { UserMemory } from "./user-memory.ts";
import { type MemoryLock, Protection, releaseSources, retainSources, slice, type Vma, VmaList } from "./vma.ts";

/** Where the main stack ends; a little below the VMM's own pages. */
export const STACK_TOP = 0x7fff_e000_0000;
/** How far the main stack may grow: RLIMIT_STACK's usual 8 MB (getrlimit(2)). */
export const STACK_BYTES_MAX = 8 * 1024 * 1024;
/** mmap looks for room below this: the stack with a gap of the same size above it. */
const MMAP_CEILING = STACK_TOP - 2 * STACK_BYTES_MAX;

/** A futex word: a place in an address space, or for memory that is shared a physical one. */
export interface FutexKey {
  readonly space?: AddressSpace;
  readonly at: number;
}

/** One address space (Linux: mm_struct): mappings, their pages, the heap end. Threads and vfork children share it. */
export class AddressSpace implements PageSharer {
  readonly tables: PageTables;
  readonly user: UserMemory;
  readonly machine: Machine;
  readonly cache: PageCache;
  readonly vmas: VmaList;
  /** How mappings made from now on are locked (mlockall(2), MCL_FUTURE). */
  futureLock: MemoryLock | undefined;
  heapStart = 0;
  heapEnd = 0;
  /** Where argv and the environment lie on the stack, for /proc/PID/cmdline. */
  arguments: { readonly start: number; readonly end: number; readonly environmentEnd: number } = {
    start: 0,
    end: 0,
    environmentEnd: 0,
  };
  readonly #pager: Pager;
  #users = 1;
  readonly parked: ParkedPages;

  constructor(
    machine: Machine,
    cache: PageCache,
    tables = machine.newAddressSpace(),
    vmas: readonly Vma[] = [],
    parked: Iterable<readonly [number, number]> = [],
  ) {
    this.machine = machine;
    this.cache = cache;
    this.tables = tables;
    this.vmas = new VmaList(this, cache.allowance, vmas);
    this.parked = new ParkedPages(parked, cache.allowance);
    this.user = new UserMemory(this, machine.memory);
    this.#pager = new Pager(machine, tables, cache);
  }

  share(): this {
    this.#users++;
    return this;
  }

  /** Lets go of the space; the last user frees its pages. */
  release(): void {
    if (--this.#users > 0) return;
    const { pages } = this.machine;
    for (const vma of this.vmas.all)
      this.tables.forEach(vma.start, vma.end, (_page, entry) => pages.release(physicalOf(entry)));
    for (const physical of this.parked.all.values()) pages.release(physical);
    for (const vma of this.vmas.all) releaseSources(vma, this);
    this.vmas.forget();
    // The tree goes as a whole, so its entries need not be taken out, and their translations dropped, one by one.
    this.machine.releaseAddressSpace(this.tables);
  }

  // --- faults and translation ---

  /** Physical address behind `address` after faulting it in if needed; -1 when the process may not reach it so. */
  translate(address: number, write: boolean): number {
    // The VMM's own pages lie above: no system call may read or write those on a guest's behalf.
    if (address >= USER_ADDRESS_LIMIT) return -1;
    const entry = this.tables.entry(address);
    if (entry !== 0 && (!write || isWritable(entry))) return physicalOf(entry) + (address % PAGE_SIZE);
    if (this.fault(address, write ? "write" : "read", true) !== "handled") return -1;
    return physicalOf(this.tables.entry(address)) + (address % PAGE_SIZE);
  }

  /**
   * Which futex word lies there (futex(2)); undefined when the process may not write to it. A private word is its address space's: a
   * fork leaves its page with two owners, and a write then moves it to another.
   */
  futexKey(address: number): FutexKey | undefined {
    const physical = this.translate(address, true);
    if (physical < 0) return undefined;
    return this.vmas.find(address)?.shared ? { at: physical } : { space: this, at: address };
  }

  /** Brings the page at `address` in with the rights its mapping has. `byHost`: the guest did not fault, so it may hold a stale translation. */
  fault(address: number, access: Access, byHost = false): FaultResult {
    const vma = this.vmas.find(address) ?? this.#growStack(address);
    if (vma === undefined) return "unmapped";
    if (!permits(vma.protection, access)) return "forbidden";
    const page = pageFloor(address);
    const entry = this.tables.entry(page);
    if (entry === 0) return this.#pager.bringIn(vma, page, access === "write");
    if (access === "write" && !isWritable(entry)) this.#pager.makeWritable(vma, page, physicalOf(entry), byHost);
    return "handled";
  }

  #growStack(address: number): Vma | undefined {
    const above = this.vmas.next(address);
    if (above?.growsDown !== true || above.end - address > STACK_BYTES_MAX) return undefined;
    const start = Math.max(pageFloor(address) - (ANONYMOUS_WINDOW - 1) * PAGE_SIZE, above.end - STACK_BYTES_MAX);
    if (this.vmas.overlapping(start, above.start).length > 0) return undefined;
    this.vmas.cut(above.start, above.end);
    const grown = { ...above, start };
    this.vmas.insert(grown);
    return grown;
  }

  /** Pages in memory now; those of an address space only become fewer when it unmaps, so this is nearly the peak. */
  get peakPages(): number {
    let pages = this.parked.all.size;
    for (const vma of this.vmas.all) this.tables.forEach(vma.start, vma.end, () => pages++);
    return pages;
  }

  // --- mappings ---

  /** A free range of `size` bytes; `hint` is used when free. */
  findRange(size: number, hint = 0): number {
    const wanted = pageFloor(hint);
    if (
      wanted >= USER_ADDRESS_START &&
      wanted + size <= MMAP_CEILING &&
      this.vmas.overlapping(wanted, wanted + size).length === 0
    )
      return wanted;
    return this.vmas.findFree(size, USER_ADDRESS_START, MMAP_CEILING) ?? fail("ENOMEM");
  }

  /** Refuses a mapping that may not be there, or that would be one too many. */
  checkRoom(start: number, end: number): void {
    if (this.vmas.all.length >= MAPPINGS_MAX - Number(this.#isHole(start, end))) fail("ENOMEM");
    checkPlace(start, end);
  }

  /** Adds a mapping, replacing what is there, and fills it when that is cheaper than faulting it in. */
  map(vma: Vma, populate = false): void {
    this.checkRoom(vma.start, vma.end);
    // First: what it replaces may be the last to hold the same pages.
    retainSources(vma, this);
    this.unmap(vma.start, vma.end);
    this.vmas.insert(vma);
    if (vma.protection !== Protection.none) this.#pager.fillEagerly(vma, populate);
  }

  /** Adds a private mapping of one page that somebody else made and keeps a reference to. */
  mapPage(vma: Vma, physical: number): void {
    this.unmap(vma.start, vma.end);
    retainSources(vma, this);
    this.vmas.insert(vma);
    this.machine.pages.retain(physical);
    this.tables.map(vma.start, physical, false, (vma.protection & Protection.execute) !== 0);
  }

  /** Takes out what is mapped in [start, end). ENOMEM when that would leave one piece too many (munmap(2)). */
  unmap(start: number, end: number): void {
    this.#checkHole(start, end);
    for (const vma of this.vmas.cut(start, end)) {
      this.#dropPages(vma.start, vma.end);
      releaseSources(vma, this);
    }
  }

  #checkHole(start: number, end: number): void {
    if (this.#isHole(start, end) && this.vmas.all.length >= MAPPINGS_MAX) fail("ENOMEM");
  }

  /** Whether the range lies within one mapping, which would be two without it. */
  #isHole(start: number, end: number): boolean {
    return this.vmas.splitsAt(start) && this.vmas.find(start) === this.vmas.find(end);
  }

  /** Takes the pages of a range out of the page tables, which see to it that the guest no longer reaches them. */
  #dropPages(start: number, end: number): void {
    const { pages } = this.machine;
    this.tables.forEach(start, end, (page, entry) => {
      pages.release(physicalOf(entry));
      this.tables.unmap(page);
    });
    this.parked.take(start, end, (_page, physical) => pages.release(physical));
  }

  /** mprotect(2): changes what lies before the first gap (ENOMEM) or before a mapping never to be written (EACCES). */
  protect(start: number, end: number, protection: number): void {
    let covered = start;
    let isRefused = false;
    for (const vma of this.vmas.overlapping(start, end)) {
      if (vma.start > covered) break;
      isRefused = vma.neverWritable === true && (protection & Protection.write) !== 0;
      if (isRefused) break;
      covered = vma.end;
    }
    this.#checkSplits(start, Math.min(covered, end));
    const parts = this.vmas.cut(start, Math.min(covered, end));
    for (const old of parts) {
      const vma: Vma = { ...old, protection };
      this.vmas.insert(vma);
      if (old.protection !== protection) this.#reprotectPages(vma);
    }
    // What is locked has its own pages as soon as it may be written to.
    for (const old of parts)
      if (old.lock && !old.shared && !permits(old.protection, "write")) bringInLocked(this, old.start, old.end);
    if (isRefused) fail("EACCES");
    if (covered < end) fail("ENOMEM");
  }

  /** A range with rights or advice of its own cuts a mapping at both its ends. */
  #checkSplits(start: number, end: number): void {
    const splits = Number(this.vmas.splitsAt(start)) + Number(this.vmas.splitsAt(end));
    if (this.vmas.all.length + splits > MAPPINGS_MAX) fail("ENOMEM");
  }

  /** Gives the mappings in a range flags of madvise(2) or mlock(2). */
  setFlags(start: number, end: number, flags: Partial<Pick<Vma, "lock" | "omitOnFork" | "wipeOnFork">>): void {
    this.#checkSplits(start, end);
    for (const vma of this.vmas.cut(start, end)) this.vmas.insert({ ...vma, ...flags });
  }

  #reprotectPages(vma: Vma): void {
    const executable = (vma.protection & Protection.execute) !== 0;
    this.tables.forEach(vma.start, vma.end, (page, entry) => {
      const physical = physicalOf(entry);
      if (vma.protection === Protection.none) {
        this.tables.unmap(page);
        this.parked.put(page, physical);
        return;
      }
      this.tables.protect(
        page,
        this.#pager.isOwn(vma, physical) && (vma.protection & Protection.write) !== 0,
        executable,
      );
    });
    if (vma.protection === Protection.none) return;
    this.parked.take(vma.start, vma.end, (page, physical) => this.#pager.mapOwned(vma, page, physical));
  }

  dropShared(pages: SharedPages, firstIndex: number): void {
    for (const vma of this.vmas.all) {
      const shown = vma.shared ?? vma.origin;
      if (shown?.pages !== pages) continue;
      const start = vma.start + Math.max(firstIndex - shown.firstPage, 0) * PAGE_SIZE;
      if (start < vma.end) this.#dropPages(start, vma.end);
    }
  }

  /** madvise(MADV_DONTNEED): private pages read as zeros (or as the file) again. */
  discard(start: number, end: number): void {
    for (const vma of this.vmas.overlapping(start, end))
      this.#dropPages(Math.max(start, vma.start), Math.min(end, vma.end));
  }

  /**
   * mremap(2) to another place: moves the pages themselves. `keepsSource`: the old place stays mapped, without its pages
   * (MREMAP_DONTUNMAP).
   */
  move(from: number, oldSize: number, newSize: number, target: number, keepsSource = false): void {
    const source = this.vmas.find(from);
    if (source === undefined || source.end < from + oldSize) fail("EFAULT");
    checkPlace(target, target + newSize);
    // Two holes and the new mapping, before anything is taken apart.
    if (this.vmas.all.length > MAPPINGS_MAX - 3) fail("ENOMEM");
    const moved: { page: number; physical: number }[] = [];
    const kept = Math.min(oldSize, newSize);
    this.tables.forEach(from, from + kept, (page, entry) => {
      moved.push({ page, physical: physicalOf(entry) });
      this.tables.unmap(page);
    });
    const parked: { page: number; physical: number }[] = [];
    this.parked.take(from, from + kept, (page, physical) => parked.push({ page, physical }));
    // Held once more while it is nowhere: what it shares must not go with the old place.
    const part = slice(source, from, from + oldSize);
    retainSources(part, this);
    // The lock goes from all of the mapping, even where only a part was moved (mm/mremap.c, dontunmap_complete).
    if (keepsSource) this.setFlags(source.start, source.end, { lock: undefined });
    else this.unmap(from, from + oldSize);
    this.unmap(target, target + newSize);
    const vma: Vma = { ...part, start: target, end: target + newSize };
    this.vmas.insert(vma);
    for (const { page, physical } of moved) this.#pager.mapOwned(vma, page - from + target, physical);
    for (const { page, physical } of parked) this.parked.put(page - from + target, physical);
    if (newSize > oldSize) bringInLocked(this, target + oldSize, target + newSize);
  }

  /** True when the mapping may simply become longer: nothing in the way, and nothing it shares ends there. */
  canGrow(vma: Vma, end: number): boolean {
    return end <= MMAP_CEILING && this.vmas.overlapping(vma.end, end).length === 0;
  }

  grow(vma: Vma, end: number): void {
    this.vmas.cut(vma.start, vma.end);
    this.vmas.insert({ ...vma, end });
    const pages = (end - vma.end) / PAGE_SIZE;
    if (!vma.file && !vma.shared && vma.protection !== Protection.none && pages <= ANONYMOUS_EAGER_PAGES)
      this.#pager.fillAnonymous(vma, vma.end, end);
    bringInLocked(this, vma.end, end);
  }

  /** Moves the heap end (brk(2)); returns the new end, or the old one when there is no room. */
  setHeapEnd(end: number): number {
    if (end < this.heapStart) return this.heapEnd;
    const oldTop = pageCeil(this.heapEnd);
    const newTop = pageCeil(end);
    if (newTop > oldTop) {
      if (newTop > MMAP_CEILING || this.vmas.overlapping(oldTop, newTop).length > 0) return this.heapEnd;
      const protection = Protection.read | Protection.write;
      const vma: Vma = { start: oldTop, end: newTop, protection, name: "[heap]", lock: this.futureLock };
      this.vmas.insert(vma);
      if ((newTop - oldTop) / PAGE_SIZE <= ANONYMOUS_EAGER_PAGES) this.#pager.fillAnonymous(vma, oldTop, newTop);
      bringInLocked(this, oldTop, newTop);
    } else if (newTop < oldTop) {
      this.unmap(newTop, oldTop);
    }
    this.heapEnd = end;
    return end;
  }
}
