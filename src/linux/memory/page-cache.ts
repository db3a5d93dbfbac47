import { type GuestMemory, PAGE_SIZE, type PageAllocator } from "../../vmm/index.ts";
import type { Allowance } from "../allowance.ts";
import type { Inode } from "../vfs/index.ts";

/** Physical page by page index, for one file. */
type FilePages = Map<number, number>;

/** The cache's content in a template: for each content key the cached page indexes and their physical pages. */
export type PageCacheImage = readonly (readonly [
  key: string,
  pages: readonly (readonly [index: number, physical: number])[],
])[];

/** The part of a cache that was in the template: shared by all runs, read only. */
export type PageCacheBase = ReadonlyMap<string, ReadonlyMap<number, number>>;

export function cacheBase(image: PageCacheImage): PageCacheBase {
  return new Map(image.map(([key, pages]) => [key, new Map(pages)]));
}

/**
 * Pages of unchanging host files, held once in guest memory and mapped read-only into every process that wants them:
 * the second `exec` of a program copies nothing. The cache holds one reference to each page.
 */
export class PageCache {
  readonly #memory: GuestMemory;
  readonly #allocator: PageAllocator;
  readonly #base: PageCacheBase;
  readonly #files = new Map<string, FilePages>();
  /** What the run may still use, for the address spaces over this cache, too. */
  readonly allowance: Allowance;

  constructor(memory: GuestMemory, allocator: PageAllocator, allowance: Allowance, base: PageCacheBase = new Map()) {
    this.allowance = allowance;
    this.#memory = memory;
    this.#allocator = allocator;
    this.#base = base;
  }

  /** The physical page with this page of the file; `key` is the inode's content key. Bytes behind the end are zeros. */
  page(inode: Inode, key: string, index: number): number {
    const based = this.#base.get(key)?.get(index);
    if (based !== undefined) return based;
    let file = this.#files.get(key);
    if (file === undefined) {
      file = new Map();
      this.#files.set(key, file);
    }
    return file.get(index) ?? this.#load(file, inode, index);
  }

  /** Reads ahead in one piece: loading page by page would cost a host system call each. */
  readAhead(inode: Inode, key: string, first: number, count: number): void {
    const based = this.#base.get(key);
    let file = this.#files.get(key);
    let index = first;
    const end = first + count;
    while (index < end) {
      if (based?.has(index) || file?.has(index)) {
        index++;
        continue;
      }
      let runEnd = index + 1;
      while (runEnd < end && !based?.has(runEnd) && !file?.has(runEnd)) runEnd++;
      if (file === undefined) {
        file = new Map();
        this.#files.set(key, file);
      }
      const run = this.#allocator.allocateUpTo(runEnd - index);
      this.#fill(inode, index, run);
      for (let i = 0; i < run.count; i++) file.set(index + i, run.first + i * PAGE_SIZE);
      index += run.count;
    }
  }

  #load(file: FilePages, inode: Inode, index: number): number {
    const physical = this.#allocator.allocate();
    this.#fill(inode, index, { first: physical, count: 1 });
    file.set(index, physical);
    return physical;
  }

  /** Reads into fresh pages; those of a file that cannot be read are given back. */
  #fill(inode: Inode, index: number, { first, count }: { readonly first: number; readonly count: number }): void {
    const target = this.#memory.bytes.subarray(first, first + count * PAGE_SIZE);
    this.#memory.markWritten(first, target.length);
    try {
      for (let done = 0; done < target.length; ) {
        const read = inode.read(target.subarray(done), index * PAGE_SIZE + done);
        if (read === 0) break;
        done += read;
      }
    } catch (error) {
      for (let i = 0; i < count; i++) this.#allocator.release(first + i * PAGE_SIZE);
      throw error;
    }
  }

  image(): PageCacheImage {
    const merged = new Map<string, [number, number][]>();
    for (const source of [this.#base, this.#files]) {
      for (const [key, pages] of source) {
        const list = merged.get(key) ?? [];
        list.push(...pages);
        merged.set(key, list);
      }
    }
    return [...merged];
  }
}
