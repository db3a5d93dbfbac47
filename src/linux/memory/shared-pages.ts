import { type Machine, PAGE_SIZE, type PageAllocator } from "../../vmm/index.ts";
import type { Inode } from "../vfs/index.ts";

/**
 * The pages of one shared mapping, seen by every process that maps it: anonymous shared memory, or a file's content while
 * it is mapped shared and writable. Lives as long as some mapping refers to it.
 */
export class SharedPages {
  readonly pages = new Map<number, number>();
  readonly #allocator: PageAllocator;
  /** Fills a new page (from the file); absent for anonymous memory, whose pages start as zeros. */
  readonly #fill: ((pageIndex: number, physical: number) => void) | undefined;
  /** Called when the last mapping goes, before the pages do. */
  readonly #onRelease: (() => void) | undefined;
  #mappings = 0;

  constructor(allocator: PageAllocator, fill?: (pageIndex: number, physical: number) => void, onRelease?: () => void) {
    this.#allocator = allocator;
    this.#fill = fill;
    this.#onRelease = onRelease;
  }

  /** The physical page at this index, made on first use. */
  page(index: number): number {
    let physical = this.pages.get(index);
    if (physical === undefined) {
      physical = this.#allocator.allocate();
      this.pages.set(index, physical);
      this.#fill?.(index, physical);
    }
    return physical;
  }

  retain(): void {
    this.#mappings++;
  }

  release(): void {
    if (--this.#mappings > 0) return;
    this.#onRelease?.();
    for (const physical of this.pages.values()) this.#allocator.release(physical);
    this.pages.clear();
  }
}

/**
 * The shared pages of a file: while they exist they are the file's content, so that reads and writes through descriptors
 * and through mappings agree. `forget` is called when the last mapping is gone.
 */
export function shareFile(machine: Machine, inode: Inode, forget: () => void): SharedPages {
  const { memory, pages } = machine;
  const bytesOf = (physical: number) => memory.bytes.subarray(physical, physical + PAGE_SIZE);
  const fill = (index: number, physical: number) => {
    // Read through the file itself: this page is not among the attached ones yet.
    shared.pages.delete(index);
    inode.read(bytesOf(physical), index * PAGE_SIZE);
    shared.pages.set(index, physical);
    memory.markWritten(physical, PAGE_SIZE);
  };
  const shared: SharedPages = new SharedPages(pages, fill, () => {
    detach();
    forget();
  });
  const detach = inode.attachSharedPages({
    page(index) {
      const physical = shared.pages.get(index);
      return physical === undefined ? undefined : bytesOf(physical);
    },
    indexes: () => shared.pages.keys(),
    written(index) {
      const physical = shared.pages.get(index);
      if (physical !== undefined) memory.markWritten(physical, PAGE_SIZE);
    },
  });
  return shared;
}
