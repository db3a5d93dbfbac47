import { PAGE_SIZE } from "../../vmm/index.ts";
import type { Allowance } from "../allowance.ts";
import type { Inode, Location, Vfs } from "../vfs/index.ts";
import type { PageSharer, SharedPages } from "./shared-pages.ts";

/** Rights of a mapping (asm-generic/mman-common.h). */
export const Protection = { none: 0, read: 1, write: 2, execute: 4 } as const;

/** A file that is mapped. After a restore the inode is looked up only when a page of it is wanted. */
export interface MappedFile {
  readonly inode: Inode;
  /** Path as the guest opened it, for /proc/self/maps and for finding the file again after a restore. */
  readonly path: string;
  /** One more mapping shows this file: its content stays, though all its names may go. */
  retain(): void;
  /** Ends one {@link retain}. */
  release(): void;
}

/** The file at a location, to be mapped. */
export function mappedFile(vfs: Vfs, location: Location): MappedFile {
  const { inode } = location;
  return {
    inode,
    path: vfs.pathname(location),
    retain: () => inode.retain(),
    release: () => inode.release(),
  };
}

/** Where a file mapping's bytes come from. */
export interface FileBacking {
  readonly mapped: MappedFile;
  /** Offset in the file of the mapping's first byte. */
  readonly offset: number;
}

/** The common pages a mapping shows, from this one on. */
export interface PagesShown {
  readonly pages: SharedPages;
  readonly firstPage: number;
}

/** Whether pages come in when they are locked or when they are first touched (mlock2(2), MLOCK_ONFAULT). */
export type MemoryLock = "at-once" | "on-fault";

/** What a mapping counts as memory (struct vm_area_struct and its tree node, linux/mm_types.h). */
const VMA_BYTES = 256;

/** One mapping: a range of addresses with one set of rights and one source of pages. Replaced, never changed. */
export interface Vma {
  readonly start: number;
  readonly end: number;
  /** Bits of {@link Protection}. */
  readonly protection: number;
  /** Present for file mappings. */
  readonly file?: FileBacking | undefined;
  /** Present for shared mappings: the pages that every sharer sees and writes to. */
  readonly shared?: PagesShown | undefined;
  /** Present for private mappings of a file that may change: its pages, each shown until it is first written to. */
  readonly origin?: PagesShown | undefined;
  /** True for the main stack, which grows towards lower addresses. */
  readonly growsDown?: boolean | undefined;
  /** Filled page by page rather than at once (thread stacks, reservations). */
  readonly lazy?: boolean | undefined;
  /** True when mprotect must not make it writable: a shared mapping of a file not opened for writing. */
  readonly neverWritable?: boolean | undefined;
  /** Locked into memory (mlock(2)): its pages may not be discarded. */
  readonly lock?: MemoryLock | undefined;
  /** A forked child does not get it (madvise(2), MADV_DONTFORK). */
  readonly omitOnFork?: boolean | undefined;
  /** A forked child gets zeros instead of a copy (MADV_WIPEONFORK). */
  readonly wipeOnFork?: boolean | undefined;
  /** "[heap]", "[stack]" and the like. */
  readonly name?: string | undefined;
}

/** The part of a mapping in [start, end), its offsets moved along. */
export function slice(vma: Vma, start: number, end: number): Vma {
  if (start === vma.start && end === vma.end) return vma;
  const shift = start - vma.start;
  return {
    ...vma,
    start,
    end,
    file: vma.file && { ...vma.file, offset: vma.file.offset + shift },
    shared: pagesBehind(vma.shared, shift),
    origin: pagesBehind(vma.origin, shift),
  };
}

function pagesBehind(shown: PagesShown | undefined, shift: number): PagesShown | undefined {
  return shown && { pages: shown.pages, firstPage: shown.firstPage + shift / PAGE_SIZE };
}

/** One more mapping of this address space holds the sources of this one's pages. */
export function retainSources({ shared, origin, file }: Vma, sharer: PageSharer): void {
  (shared ?? origin)?.pages.retain(sharer);
  file?.mapped.retain();
}

/** A mapping is gone, and with it its hold on the sources of its pages. */
export function releaseSources({ shared, origin, file }: Vma, sharer: PageSharer): void {
  // The pages first: a file takes the content of its shared pages over, and may be freed after that.
  (shared ?? origin)?.pages.release(sharer);
  file?.mapped.release();
}

/**
 * A process's mappings in address order, without overlap. Each mapping in the list holds its sources once, however it came
 * to be: pieces of one that was split hold them each, and two that were joined hold them together.
 */
export class VmaList {
  #list: Vma[];
  readonly #sharer: PageSharer;
  readonly #allowance: Allowance;
  /** How many the allowance is charged with. */
  #charged = 0;

  /** @param sharer the address space whose mappings these are */
  constructor(sharer: PageSharer, allowance: Allowance, list: readonly Vma[] = []) {
    this.#sharer = sharer;
    this.#allowance = allowance;
    this.#list = [...list];
    this.#recharge();
  }

  get all(): readonly Vma[] {
    return this.#list;
  }

  /** The address space is gone: the list holds nothing any more. */
  forget(): void {
    this.#list = [];
    this.#recharge();
  }

  #recharge(): void {
    const more = this.#list.length - this.#charged;
    if (more === 0) return;
    this.#charged += more;
    this.#allowance.charge(more * VMA_BYTES);
  }

  /** Index of the first mapping that ends above `address`. */
  #indexFrom(address: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#list[middle].end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  find(address: number): Vma | undefined {
    const vma = this.#list[this.#indexFrom(address)];
    return vma !== undefined && vma.start <= address ? vma : undefined;
  }

  /** The first mapping at or above `address`. */
  next(address: number): Vma | undefined {
    return this.#list[this.#indexFrom(address)];
  }

  overlapping(start: number, end: number): Vma[] {
    const found: Vma[] = [];
    for (let i = this.#indexFrom(start); i < this.#list.length && this.#list[i].start < end; i++)
      found.push(this.#list[i]);
    return found;
  }

  /** Where in the range the first hole begins; its end when there is none. */
  holeIn(start: number, end: number): number {
    let covered = start;
    for (const vma of this.overlapping(start, end)) {
      if (vma.start > covered) break;
      covered = vma.end;
    }
    return Math.min(covered, end);
  }

  /** True when every page of the range belongs to some mapping. */
  covers(start: number, end: number): boolean {
    return this.holeIn(start, end) === end;
  }

  /** Takes [start, end) out; returns the pieces taken, which the caller inserts again or whose sources it releases. */
  cut(start: number, end: number): Vma[] {
    if (start >= end) return [];
    const first = this.#indexFrom(start);
    const taken: Vma[] = [];
    const kept: Vma[] = [];
    let last = first;
    for (; last < this.#list.length && this.#list[last].start < end; last++) {
      const vma = this.#list[last];
      if (vma.start < start) {
        retainSources(vma, this.#sharer);
        kept.push(slice(vma, vma.start, start));
      }
      taken.push(slice(vma, Math.max(vma.start, start), Math.min(vma.end, end)));
      if (vma.end > end) {
        retainSources(vma, this.#sharer);
        kept.push(slice(vma, end, vma.end));
      }
    }
    this.#list.splice(first, last - first, ...kept);
    this.#recharge();
    return taken;
  }

  /** Whether a border at `address` would lie inside a mapping. */
  splitsAt(address: number): boolean {
    const vma = this.find(address);
    return vma !== undefined && vma.start < address;
  }

  /** Adds a mapping over a free range, joined with neighbours that continue it. Its hold on its sources is the list's from now on. */
  insert(vma: Vma): void {
    const index = this.#indexFrom(vma.start);
    this.#list.splice(index, 0, vma);
    this.#joinWithNext(index);
    this.#joinWithNext(index - 1);
    this.#recharge();
  }

  #joinWithNext(index: number): void {
    const vma = this.#list[index];
    const next = this.#list[index + 1];
    if (vma === undefined || next === undefined || !joinable(vma, next)) return;
    this.#list.splice(index, 2, { ...vma, end: next.end });
    releaseSources(next, this.#sharer);
  }

  /** Highest free range of `size` bytes that ends at or below `ceiling`, or undefined. */
  findFree(size: number, floor: number, ceiling: number): number | undefined {
    let top = ceiling;
    for (let i = this.#indexFrom(ceiling - 1); i >= 0; i--) {
      const vma = this.#list[i];
      if (vma === undefined || vma.start >= top) continue;
      if (top - vma.end >= size) return top - size;
      top = Math.min(top, vma.start);
    }
    return top - size >= floor ? top - size : undefined;
  }
}

function joinable(a: Vma, b: Vma): boolean {
  return (
    a.end === b.start &&
    a.protection === b.protection &&
    continuesFile(a, b) &&
    continues(a.shared, b.shared, a.end - a.start) &&
    continues(a.origin, b.origin, a.end - a.start) &&
    a.name === b.name &&
    (a.lazy ?? false) === (b.lazy ?? false) &&
    (a.omitOnFork ?? false) === (b.omitOnFork ?? false) &&
    (a.wipeOnFork ?? false) === (b.wipeOnFork ?? false) &&
    a.neverWritable === b.neverWritable &&
    a.lock === b.lock &&
    !a.growsDown &&
    !b.growsDown
  );
}

function continuesFile(a: Vma, b: Vma): boolean {
  if (a.file === undefined || b.file === undefined) return a.file === b.file;
  const pages = (a.shared ?? a.origin)?.pages;
  const isSameFile = a.file.mapped === b.file.mapped || (pages && pages === (b.shared ?? b.origin)?.pages);
  return isSameFile === true && a.file.offset + (b.start - a.start) === b.file.offset;
}

function continues(a: PagesShown | undefined, b: PagesShown | undefined, bytes: number): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.pages === b.pages && a.firstPage + bytes / PAGE_SIZE === b.firstPage;
}
