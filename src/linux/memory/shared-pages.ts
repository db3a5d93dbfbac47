import { type Machine, PAGE_SIZE } from "../../vmm/index.ts";
import type { Inode } from "../vfs/index.ts";
import { RUN_PAGES_MAX } from "./page-math.ts";

/** An address space with mappings of shared pages. */
export interface PageSharer {
  /** Takes the pages from this index on out of all its mappings: the file they show has become shorter. */
  dropShared(pages: SharedPages, firstIndex: number): void;
}

/** Brings new pages, zeroed and contiguous, to the content that begins at this page. */
type Fill = (index: number, content: Uint8Array) => void;

interface SharedPagesOptions {
  /** Pages there can be; for memory without a file, whose size never changes. */
  readonly limitPages?: number;
  readonly fill?: Fill;
  /** Called when the last mapping goes, before the pages do. */
  readonly released?: () => void;
}

/**
 * Pages seen by every process that maps them: shared memory, or the content of a file that may change. Lives as long as
 * some mapping refers to it.
 */
export class SharedPages {
  readonly limitPages: number;
  readonly #machine: Machine;
  readonly #pages = new Map<number, number>();
  /** Indexes of pages that were put where a guest may write: their content may be another than the file's. */
  readonly #writable = new Set<number>();
  readonly #options: SharedPagesOptions;
  /** How many mappings each address space has. */
  readonly #sharers = new Map<PageSharer, number>();

  constructor(machine: Machine, options: SharedPagesOptions = {}) {
    this.#machine = machine;
    this.#options = options;
    this.limitPages = options.limitPages ?? Number.POSITIVE_INFINITY;
  }

  /** The physical page at this index, made on first use. `writable`: it goes where the guest can write to it. */
  page(index: number, writable: boolean): number {
    if (writable) this.#writable.add(index);
    const known = this.#pages.get(index);
    if (known !== undefined) return known;
    this.load(index, 1);
    return this.#pages.get(index) as number;
  }

  /** Makes the missing ones of these pages, in as few pieces as there can be: each costs the file a reading. */
  load(first: number, count: number): void {
    for (let index = first; index < first + count; ) {
      if (this.#pages.has(index)) {
        index++;
        continue;
      }
      let end = index + 1;
      const farthest = Math.min(first + count, index + RUN_PAGES_MAX);
      while (end < farthest && !this.#pages.has(end)) end++;
      index += this.#loadRun(index, end - index);
    }
  }

  #loadRun(index: number, wanted: number): number {
    const { pages, memory } = this.#machine;
    const { first, count } = pages.allocateUpTo(wanted);
    const { fill } = this.#options;
    if (fill) {
      const bytes = count * PAGE_SIZE;
      memory.markWritten(first, bytes);
      try {
        fill(index, memory.bytes.subarray(first, first + bytes));
      } catch (error) {
        for (let i = 0; i < count; i++) pages.release(first + i * PAGE_SIZE);
        throw error;
      }
    }
    for (let i = 0; i < count; i++) this.#pages.set(index + i, first + i * PAGE_SIZE);
    return count;
  }

  /** The bytes of a page that is there. */
  bytesOf(index: number): Uint8Array | undefined {
    const physical = this.#pages.get(index);
    return physical === undefined ? undefined : this.#machine.memory.bytes.subarray(physical, physical + PAGE_SIZE);
  }

  /** To be called after {@link bytesOf} was written to. */
  written(index: number): void {
    const physical = this.#pages.get(index);
    if (physical !== undefined) this.#machine.memory.markWritten(physical, PAGE_SIZE);
  }

  get indexes(): Iterable<number> {
    return this.#pages.keys();
  }

  get writable(): ReadonlySet<number> {
    return this.#writable;
  }

  /** Makes zeros of the pages in [first, first + count) that are there. */
  clear(first: number, count: number): void {
    for (const [index, physical] of this.#pages)
      if (index >= first && index < first + count) this.#machine.memory.zeroPage(physical);
  }

  /** The pages from this index on are gone, from every mapping. */
  dropFrom(index: number): void {
    const gone = [...this.#pages.keys()].filter((one) => one >= index);
    if (gone.length === 0 && this.#sharers.size === 0) return;
    for (const sharer of this.#sharers.keys()) sharer.dropShared(this, index);
    for (const one of gone) {
      this.#machine.pages.release(this.#pages.get(one) as number);
      this.#pages.delete(one);
      this.#writable.delete(one);
    }
  }

  /** How many mappings show them, those of who else retains them among them. */
  get holders(): number {
    let count = 0;
    for (const mappings of this.#sharers.values()) count += mappings;
    return count;
  }

  retain(sharer: PageSharer): void {
    this.#sharers.set(sharer, (this.#sharers.get(sharer) ?? 0) + 1);
  }

  release(sharer: PageSharer): void {
    const left = (this.#sharers.get(sharer) ?? 0) - 1;
    if (left > 0) this.#sharers.set(sharer, left);
    else this.#sharers.delete(sharer);
    if (this.#sharers.size > 0) return;
    this.#options.released?.();
    for (const physical of this.#pages.values()) this.#machine.pages.release(physical);
    this.#pages.clear();
    this.#writable.clear();
  }
}

/**
 * The pages of a file that may change: while they exist they are its content, so that reads and writes through descriptors
 * and through mappings agree. `forget` is called when the last mapping is gone.
 */
export function shareFile(machine: Machine, inode: Inode, forget: () => void): SharedPages {
  const shared: SharedPages = new SharedPages(machine, {
    fill(index, content) {
      for (let done = 0; done < content.length; ) {
        const bytes = inode.read(content.subarray(done), index * PAGE_SIZE + done);
        if (bytes === 0) break;
        done += bytes;
      }
    },
    released() {
      detach();
      forget();
    },
  });
  const detach = inode.attachSharedPages({
    page: (index) => shared.bytesOf(index),
    pages: () => shared.indexes,
    writable: () => shared.writable,
    written: (index) => shared.written(index),
    endAt: (index) => shared.dropFrom(index),
  });
  return shared;
}
