import { bitmapBytes, type GuestMemory } from "./guest-memory.ts";
import type { KvmVm } from "./host/kvm.ts";
import { stableBytes } from "./host/libc.ts";
import { PAGE_SIZE, TABLE_ARENA_END, TABLE_ARENA_START } from "./layout.ts";

/**
 * Which pages differ, or may differ, from the image: KVM's log of the guest's writes, never cleared, so cumulative over
 * rollbacks, together with the host's own writes since the last rollback. Page tables are not counted: only the host
 * writes them, and {@link AddressSpaces} knows where.
 */
export class DirtyPages {
  readonly #memory: GuestMemory;
  readonly #vm: KvmVm;
  readonly #log: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;

  constructor(memory: GuestMemory, vm: KvmVm) {
    this.#memory = memory;
    this.#vm = vm;
    this.#log = stableBytes(bitmapBytes(memory.sizeBytes));
    this.#words = new Uint32Array(this.#log.buffer);
  }

  /** Asks KVM for its log; the other methods speak of this moment. */
  refresh(): void {
    this.#vm.readDirtyLog(this.#log);
  }

  /** Calls back for each maximal run of dirty pages in [start, end). Returns the number of pages. */
  forEachRun(start: number, end: number, fn: (start: number, end: number) => void): number {
    const log = this.#words;
    const host = this.#memory.hostWrites;
    const last = end / PAGE_SIZE;
    let pages = 0;
    let runStart = -1;
    for (let page = start / PAGE_SIZE; page < last; ) {
      const word = page >>> 5;
      // This word's pages from `page` on, lowest bit first.
      let bits = (((log[word] as number) | (host[word] as number)) & notTables(word)) >>> (page & 31);
      const wordEnd = Math.min((word + 1) << 5, last);
      for (; bits !== 0 && page < wordEnd; page++, bits >>>= 1) {
        if ((bits & 1) !== 0) {
          pages++;
          if (runStart < 0) runStart = page;
        } else if (runStart >= 0) {
          fn(runStart * PAGE_SIZE, page * PAGE_SIZE);
          runStart = -1;
        }
      }
      if (page === wordEnd) continue;
      if (runStart >= 0) fn(runStart * PAGE_SIZE, page * PAGE_SIZE);
      runStart = -1;
      page = wordEnd;
    }
    if (runStart >= 0) fn(runStart * PAGE_SIZE, last * PAGE_SIZE);
    return pages;
  }
}

/** The arena begins and ends where a word of the bitmap does. */
const ARENA_WORD = TABLE_ARENA_START / PAGE_SIZE / 32;
const ARENA_END_WORD = TABLE_ARENA_END / PAGE_SIZE / 32;

/** The bits of a bitmap word that are not page tables. */
function notTables(word: number): number {
  return word >= ARENA_WORD && word < ARENA_END_WORD ? 0 : -1;
}
