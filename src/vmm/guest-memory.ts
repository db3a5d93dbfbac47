import { invariant } from "../errors.ts";
import type { MemoryMap } from "./host/memory-map.ts";
import { PAGE_SIZE } from "./layout.ts";

/**
 * Pages between two stale ones that are dropped along with them. Another range costs 28 us, a page in between its next
 * first touch, about half a microsecond; and a paravirtual KVM drops the whole 2 MiB around a range anyway.
 */
const MERGE_GAP_PAGES = 64;
/** More separate ranges than this cost more than dropping every translation there is. */
const MAX_RANGES = 64;

/** Guest-physical memory as the host sees it. */
export class GuestMemory {
  readonly sizeBytes: number;
  /** The whole guest-physical memory; every physical address is an index. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Memory plus, behind it, its pristine original (machines made from an image). */
  readonly allBytes: Uint8Array<ArrayBuffer>;
  readonly allWords: Uint32Array<ArrayBuffer>;
  /** One bit per page written by the host since the image; KVM's dirty log knows only the guest's own writes. */
  readonly hostWrites: Uint32Array<ArrayBuffer>;
  readonly #map: MemoryMap;
  /** Pages whose translations must be gone before the guest runs again. */
  readonly #stale: number[] = [];
  #allStale = false;

  constructor(map: MemoryMap) {
    this.#map = map;
    this.sizeBytes = map.sizeBytes;
    this.bytes = new Uint8Array(map.buffer, 0, map.sizeBytes);
    this.words = new Uint32Array(map.buffer, 0, map.sizeBytes / 4);
    this.view = new DataView(map.buffer, 0, map.sizeBytes);
    this.allBytes = new Uint8Array(map.buffer);
    this.allWords = new Uint32Array(map.buffer);
    this.hostWrites = new Uint32Array(new ArrayBuffer(bitmapBytes(map.sizeBytes)));
  }

  get hostAddress(): number {
    return this.#map.address;
  }

  /** Says that the host wrote here itself. Every host write to a page of the guest needs it, or rollback misses the page. */
  markWritten(physical: number, length: number): void {
    const last = (physical + length - 1) >>> 12;
    for (let page = physical >>> 12; page <= last; page++) {
      const word = page >>> 5;
      this.hostWrites[word] = (this.hostWrites[word] as number) | (1 << (page & 31));
    }
  }

  copyPage(toPhysical: number, fromPhysical: number): void {
    this.bytes.copyWithin(toPhysical, fromPhysical, fromPhysical + PAGE_SIZE);
    this.markWritten(toPhysical, 1);
  }

  zeroPage(physical: number): void {
    this.bytes.fill(0, physical, physical + PAGE_SIZE);
    this.markWritten(physical, 1);
  }

  /**
   * Has every translation of the guest to these pages dropped before the guest runs next. Needed whenever a page-table
   * entry that pointed here was removed, tightened or pointed elsewhere: on hosts with shadow paging KVM goes on using the
   * old entry, and elsewhere the TLB may.
   */
  revoke(physical: number, length: number): void {
    invariant(physical >= 0 && physical + length <= this.sizeBytes, "revoked range lies inside guest memory");
    if (this.#allStale) return;
    for (let page = physical - (physical % PAGE_SIZE); page < physical + length; page += PAGE_SIZE)
      this.#stale.push(page);
  }

  /** Has every translation to any page dropped before the guest runs next. */
  revokeAll(): void {
    this.#allStale = true;
    this.#stale.length = 0;
  }

  /** Does what {@link revoke} promised; called with the guest stopped. Returns how many ranges it took. */
  flushRevoked(): number {
    if (this.#allStale) return this.#flushAll();
    const stale = this.#stale;
    if (stale.length === 0) return 0;
    if (stale.length > 1) stale.sort((a, b) => a - b);
    const ranges = mergeRanges(stale);
    if (ranges.length > 2 * MAX_RANGES) return this.#flushAll();
    for (let i = 0; i < ranges.length; i += 2) {
      const start = ranges[i] as number;
      this.#map.dropTranslations(start, (ranges[i + 1] as number) - start);
    }
    stale.length = 0;
    return ranges.length / 2;
  }

  #flushAll(): number {
    this.#map.dropTranslations(0, this.sizeBytes);
    this.#allStale = false;
    this.#stale.length = 0;
    return 1;
  }

  /** Makes host pages present ahead of use, so that the guest's first touch costs 4 us instead of 24. */
  populate(physical: number, length: number): void {
    this.#map.populate(physical, length);
  }

  /** Brings back the image's content by dropping this machine's copies; drops all translations to the range as well. */
  discard(physical: number, length: number): void {
    this.#map.discard(physical, length);
  }

  close(): void {
    // Views of unmapped memory must not survive: an access would end the process, not throw.
    const bytes = new Uint8Array(0);
    const words = new Uint32Array(0);
    Object.assign(this, { bytes, words, allBytes: bytes, allWords: words, view: new DataView(bytes.buffer) });
    this.#map.close();
  }
}

/** Bytes of a bitmap with a bit per page, rounded up to 64 bits as KVM_GET_DIRTY_LOG wants it. */
export function bitmapBytes(memoryBytes: number): number {
  return Math.ceil(memoryBytes / PAGE_SIZE / 64) * 8;
}

/** Sorted page addresses -> flat [start, end, start, end, ...] with small gaps closed. */
function mergeRanges(pages: readonly number[]): number[] {
  const ranges: number[] = [];
  let start = pages[0] as number;
  let end = start + PAGE_SIZE;
  for (const page of pages) {
    if (page > end + MERGE_GAP_PAGES * PAGE_SIZE) {
      ranges.push(start, end);
      start = page;
    }
    if (page + PAGE_SIZE > end) end = page + PAGE_SIZE;
  }
  ranges.push(start, end);
  return ranges;
}
