import { isWritable, type Machine, PAGE_SIZE, type PageTables, physicalOf } from "../../vmm/index.ts";
import { fail, LinuxError } from "../errno.ts";
import type { PageCache } from "./page-cache.ts";
import { pageCeil, RUN_PAGES_MAX } from "./page-math.ts";
import { type PagesShown, Protection, type Vma } from "./vma.ts";

/** Pages brought in around a fault in anonymous memory: one exit costs as much as zeroing dozens of pages. */
export const ANONYMOUS_WINDOW = 32;
/** The same for memory that is gone through in order: what one entry of the second-level page table covers. */
const ANONYMOUS_WINDOW_MAX = 512;
/** Pages of a file mapped around a fault in it. */
const FILE_WINDOW = 64;
/** Anonymous mappings up to this size are filled when made (Python's arenas are 1 MiB). */
export const ANONYMOUS_EAGER_PAGES = 256;
/** File mappings up to this size are mapped when made: a program's start touches most of them. */
const FILE_EAGER_PAGES = 512;
/** Writable private file mappings up to this size are copied when made; larger ones on the first write to each page. */
const COPY_EAGER_PAGES = 512;

/** Pages copied around one that is written to after a fork. Fewer than above: a child that touches a little here and there takes little. */
const FORKED_WINDOW = 8;
/** With less than this part of the memory left no page is copied but the very one that is written to. */
const SPARE_PART = 1 / 4;

export function isShortOfPages({ pagesLeft, limitPages }: Machine["pages"]): boolean {
  return pagesLeft < limitPages * SPARE_PART;
}

/** How a fault ended: handled, no mapping there, mapping forbids it, or beyond the end of the mapped file. */
export type FaultResult = "handled" | "unmapped" | "forbidden" | "beyond-file";

/** Puts pages behind mappings: zero pages, file pages, shared pages, private copies. */
export class Pager {
  readonly #machine: Machine;
  readonly #tables: PageTables;
  readonly #cache: PageCache;
  /** Size in pages, and end, of the last window of anonymous memory. */
  #window = ANONYMOUS_WINDOW;
  #filledEnd = 0;

  constructor(machine: Machine, tables: PageTables, cache: PageCache) {
    this.#machine = machine;
    this.#tables = tables;
    this.#cache = cache;
  }

  /** A file that cannot be read (any more) is like one that ends before the page: SIGBUS (mmap(2)), or EFAULT for a call. */
  bringIn(vma: Vma, page: number, write: boolean): FaultResult {
    try {
      return this.#bringIn(vma, page, write);
    } catch (error) {
      if (error instanceof LinuxError) return "beyond-file";
      throw error;
    }
  }

  #bringIn(vma: Vma, page: number, write: boolean): FaultResult {
    if (vma.shared) return this.#bringInShared(vma, page, vma.shared);
    if (vma.origin) return this.#bringInOrigin(vma, page, vma.origin, write);
    if (vma.file) return this.#bringInFile(vma, page, write);
    const span = this.#nextWindow(page, ANONYMOUS_WINDOW) * PAGE_SIZE;
    const start = page - (page % span);
    this.#filledEnd = Math.min(vma.end, start + span);
    this.fillAnonymous(vma, Math.max(vma.start, start), this.#filledEnd);
    return "handled";
  }

  /** Pages to bring in around a fault: twice as many each time the guest goes on where the last window ended. */
  #nextWindow(page: number, least: number): number {
    this.#window = page === this.#filledEnd ? Math.min(2 * this.#window, ANONYMOUS_WINDOW_MAX) : least;
    return this.#window;
  }

  #bringInShared(vma: Vma, page: number, { pages, firstPage }: PagesShown): FaultResult {
    const index = firstPage + (page - vma.start) / PAGE_SIZE;
    if (page >= this.#fileEnd(vma) || index >= pages.limitPages) return "beyond-file";
    this.#mapCommon(vma, page, pages.page(index, vma.neverWritable !== true), true);
    return "handled";
  }

  /** Shows pages of a file that may change: all there are around this one, which is copied if it is to be written to. */
  #bringInOrigin(vma: Vma, page: number, shown: PagesShown, write: boolean): FaultResult {
    const end = this.#fileEnd(vma);
    if (page >= end) return "beyond-file";
    const span = FILE_WINDOW * PAGE_SIZE;
    const start = page - (page % span);
    this.#fillOrigin(vma, Math.max(vma.start, start), Math.min(end, start + span), shown);
    if (write) this.makeWritable(vma, page, physicalOf(this.#tables.entry(page)), false);
    return "handled";
  }

  #fillOrigin(vma: Vma, start: number, end: number, { pages, firstPage }: PagesShown): void {
    if (start >= end) return;
    const first = firstPage + (start - vma.start) / PAGE_SIZE;
    pages.load(first, (end - start) / PAGE_SIZE);
    for (let page = start, index = first; page < end; page += PAGE_SIZE, index++)
      if (this.#tables.entry(page) === 0) this.#mapCommon(vma, page, pages.page(index, false), false);
  }

  #mapCommon(vma: Vma, page: number, physical: number, own: boolean): void {
    this.#machine.pages.retain(physical);
    this.mapPage(vma, page, physical, own);
  }

  #bringInFile(vma: Vma, page: number, write: boolean): FaultResult {
    const end = this.#fileEnd(vma);
    if (page >= end) return "beyond-file";
    const span = FILE_WINDOW * PAGE_SIZE;
    const start = page - (page % span);
    this.#fillFile(vma, Math.max(vma.start, start), Math.min(end, start + span));
    if (write) this.makeWritable(vma, page, physicalOf(this.#tables.entry(page)), false);
    return "handled";
  }

  /** Address behind the last page of this mapping that its file reaches. */
  #fileEnd(vma: Vma): number {
    if (!vma.file) return vma.end;
    const bytes = vma.file.mapped.inode.stat().sizeBytes - vma.file.offset;
    return Math.min(vma.end, vma.start + pageCeil(Math.max(bytes, 0)));
  }

  /** Gives every page in the range that has none a fresh zero page. */
  fillAnonymous(vma: Vma, start: number, end: number): void {
    let page = start;
    while (page < end) {
      this.#cache.allowance.work();
      if (this.#tables.entry(page) !== 0) {
        page += PAGE_SIZE;
        continue;
      }
      let runEnd = page + PAGE_SIZE;
      const farthest = Math.min(end, page + RUN_PAGES_MAX * PAGE_SIZE);
      while (runEnd < farthest && this.#tables.entry(runEnd) === 0) runEnd += PAGE_SIZE;
      this.#cache.allowance.work((runEnd - page) / PAGE_SIZE);
      while (page < runEnd) {
        const { first, count } = this.#machine.pages.allocateUpTo((runEnd - page) / PAGE_SIZE);
        for (let i = 0; i < count; i++, page += PAGE_SIZE) this.mapPage(vma, page, first + i * PAGE_SIZE, true);
      }
    }
  }

  /** Maps file pages that are not there yet: shared read-only from the page cache, or copies of content that may change. */
  #fillFile(vma: Vma, start: number, end: number): void {
    if (!vma.file || start >= end) return;
    const { mapped, offset } = vma.file;
    const key = mapped.inode.contentKey();
    const first = (offset + start - vma.start) / PAGE_SIZE;
    if (key === undefined) {
      this.#copyFile(vma, start, end);
      return;
    }
    this.#cache.readAhead(mapped.inode, key, first, (end - start) / PAGE_SIZE);
    mapped.inode.noteRead(first * PAGE_SIZE, end - start);
    for (let page = start, index = first; page < end; page += PAGE_SIZE, index++) {
      if (this.#tables.entry(page) !== 0) continue;
      const physical = this.#cache.page(mapped.inode, key, index);
      this.#machine.pages.retain(physical);
      this.mapPage(vma, page, physical, false);
    }
  }

  /** Private copies of file pages, made at once. */
  #copyFile(vma: Vma, start: number, end: number): void {
    const { mapped, offset } = vma.file ?? fail("EFAULT");
    const { memory } = this.#machine;
    for (let page = start; page < end; page += PAGE_SIZE) {
      if (this.#tables.entry(page) !== 0) continue;
      const physical = this.#machine.pages.allocate();
      mapped.inode.read(memory.bytes.subarray(physical, physical + PAGE_SIZE), offset + page - vma.start);
      memory.markWritten(physical, PAGE_SIZE);
      this.mapPage(vma, page, physical, true);
    }
  }

  /** Makes a present page writable: in place when nobody else has it, else as a copy. */
  makeWritable(vma: Vma, page: number, physical: number, byHost: boolean): void {
    this.#makeOwn(vma, page, physical, byHost);
    // Only a fork leaves pages of anonymous memory that may not be written to; those around it are written to next.
    if (!vma.shared && !vma.origin && !vma.file) this.#makeOwnAround(vma, page);
  }

  #makeOwn(vma: Vma, page: number, physical: number, byHost: boolean): void {
    const { pages, memory } = this.#machine;
    const executable = (vma.protection & Protection.execute) !== 0;
    if (this.isOwn(vma, physical)) {
      this.#tables.protect(page, true, executable);
      return;
    }
    const copy = pages.allocate();
    memory.copyPage(copy, physical);
    // A guest that faulted re-reads the entry by itself; one whose page the host replaced would go on with the old one.
    if (byHost) this.#tables.map(page, copy, true, executable);
    else this.#tables.mapCopy(page, copy, executable);
    pages.release(physical);
  }

  /** An exit costs as much as copying dozens of pages. Where memory is short, no page is copied but the one that has to be. */
  #makeOwnAround(vma: Vma, page: number): void {
    const count = this.#nextWindow(page, FORKED_WINDOW);
    const start = Math.max(vma.start, page - (page % (count * PAGE_SIZE)));
    const end = Math.min(vma.end, start + count * PAGE_SIZE);
    this.#filledEnd = end;
    const isShort = isShortOfPages(this.#machine.pages);
    this.#cache.allowance.work(count);
    for (let at = start; at < end; at += PAGE_SIZE) {
      const entry = this.#tables.entry(at);
      if (entry === 0 || isWritable(entry)) continue;
      const physical = physicalOf(entry);
      if (!isShort || this.isOwn(vma, physical)) this.#makeOwn(vma, at, physical, true);
    }
  }

  /** Maps a page with its mapping's rights: writable in place when the process is alone with it or meant to share it. */
  mapOwned(vma: Vma, page: number, physical: number): void {
    this.mapPage(vma, page, physical, this.isOwn(vma, physical));
  }

  /** True when a write may go to this very page: nobody else has it, or all who have it are to see the write. */
  isOwn(vma: Vma, physical: number): boolean {
    return vma.shared !== undefined || this.#machine.pages.references(physical) === 1;
  }

  mapPage(vma: Vma, page: number, physical: number, own: boolean): void {
    const writable = own && (vma.protection & Protection.write) !== 0;
    this.#tables.map(page, physical, writable, (vma.protection & Protection.execute) !== 0);
  }

  /** A file that cannot be read is found out about by the first access to it, and does not keep it from being mapped. */
  fillEagerly(vma: Vma, populate: boolean): void {
    try {
      this.#fillEagerly(vma, populate);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    }
  }

  #fillEagerly(vma: Vma, populate: boolean): void {
    const count = (vma.end - vma.start) / PAGE_SIZE;
    if (vma.shared) {
      if (populate)
        for (let page = vma.start; page < vma.end && this.bringIn(vma, page, false) === "handled"; page += PAGE_SIZE);
      return;
    }
    if (!vma.file) {
      if (populate || (count <= ANONYMOUS_EAGER_PAGES && !vma.lazy)) this.fillAnonymous(vma, vma.start, vma.end);
      return;
    }
    const end = this.#fileEnd(vma);
    if (vma.origin) this.#fillOriginEagerly(vma, vma.origin, populate, end);
    else if ((vma.protection & Protection.write) !== 0 && count <= COPY_EAGER_PAGES)
      this.#copyFile(vma, vma.start, end);
    else if (populate || count <= FILE_EAGER_PAGES) this.#fillFile(vma, vma.start, end);
    else this.#fillFile(vma, vma.start, Math.min(end, vma.start + FILE_WINDOW * PAGE_SIZE));
  }

  #fillOriginEagerly(vma: Vma, shown: PagesShown, populate: boolean, end: number): void {
    if (!populate && (vma.end - vma.start) / PAGE_SIZE > FILE_EAGER_PAGES) return;
    this.#fillOrigin(vma, vma.start, end, shown);
    if (!populate || (vma.protection & Protection.write) === 0) return;
    // As if each page had been written to already (mmap(2), MAP_POPULATE).
    for (let page = vma.start; page < end; page += PAGE_SIZE)
      this.makeWritable(vma, page, physicalOf(this.#tables.entry(page)), false);
  }
}
