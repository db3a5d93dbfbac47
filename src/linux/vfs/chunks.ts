import type { FileCharge } from "./budget.ts";

/** File content is held in pieces of this size, so that a sparse or half-copied file costs what was written. */
export const CHUNK_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;
const ZEROS = new Uint8Array(PAGE_BYTES);

/** The written parts of one file. A chunk's buffer may be shorter than a chunk: what is missing reads as zeros. */
export class Chunks {
  readonly #charge: FileCharge;
  readonly #chunks = new Map<number, Uint8Array>();

  constructor(charge: FileCharge) {
    this.#charge = charge;
  }

  get isEmpty(): boolean {
    return this.#chunks.size === 0;
  }

  /** The first page of a chunk, from this page of the file on, that is not all zeros. */
  firstPage(index: number, fromPage: number): number | undefined {
    const chunk = this.#chunks.get(index);
    if (chunk === undefined) return undefined;
    const start = (index * CHUNK_BYTES) / PAGE_BYTES;
    for (let page = Math.max(fromPage, start); (page - start) * PAGE_BYTES < chunk.length; page++) {
      this.#charge.work();
      const from = (page - start) * PAGE_BYTES;
      const part = chunk.subarray(from, from + PAGE_BYTES);
      if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return page;
    }
    return undefined;
  }

  get(index: number): Uint8Array | undefined {
    return this.#chunks.get(index);
  }

  indexes(): Iterable<number> {
    return this.#chunks.keys();
  }

  /** Drops one chunk: what was there reads as zeros, or as the file below. */
  drop(index: number): void {
    const buffer = this.#chunks.get(index);
    if (buffer === undefined) return;
    this.#chunks.delete(index);
    this.#charge.free(buffer.length);
  }

  /** The chunk's buffer, at least `neededBytes` long; grows by doubling so that appending stays linear. */
  ensure(index: number, neededBytes: number): Uint8Array {
    const old = this.#chunks.get(index);
    if (old !== undefined && old.length >= neededBytes) return old;
    const pages = Math.ceil(neededBytes / PAGE_BYTES) * PAGE_BYTES;
    const size = old === undefined ? pages : Math.min(CHUNK_BYTES, Math.max(pages, old.length * 2));
    this.#charge.allocate(size - (old?.length ?? 0));
    const buffer = new Uint8Array(size);
    if (old !== undefined) buffer.set(old);
    this.#chunks.set(index, buffer);
    return buffer;
  }

  /** Drops everything from `sizeBytes` on. */
  truncate(sizeBytes: number): void {
    const firstGone = Math.ceil(sizeBytes / CHUNK_BYTES);
    for (const [index, buffer] of this.#chunks) {
      if (index < firstGone) continue;
      this.#chunks.delete(index);
      this.#charge.free(buffer.length);
    }
    this.#chunks.get(Math.floor(sizeBytes / CHUNK_BYTES))?.fill(0, sizeBytes % CHUNK_BYTES);
  }
}
