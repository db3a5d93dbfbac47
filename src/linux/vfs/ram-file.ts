import { fail } from "../errno.ts";
import { CHUNK_BYTES, Chunks } from "./chunks.ts";
import type { HostFile } from "./host-inode.ts";
import { FileType, type NewFile, type SharedFilePages } from "./inode.ts";
import type { RamFs } from "./ram-fs.ts";
import { isOrigin, type Origin, RamInode, withoutSetId } from "./ram-inode.ts";

/** Largest file: 8 TiB, half of what ext4 allows with 4 KiB blocks; keeps every offset exact as a number. */
const FILE_BYTES_MAX = 8 * 2 ** 40;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 512;

/**
 * A regular file in RAM. Over a lower file it is a copy made chunk by chunk: below {@link #lowerBytes} what has no chunk
 * yet is read from the host.
 */
export class RamFile extends RamInode {
  override readonly type = FileType.regular;
  readonly #chunks: Chunks;
  readonly #lower: HostFile | undefined;
  #lowerBytes = 0;
  #sizeBytes = 0;
  #mapped: SharedFilePages | undefined;

  constructor(fs: RamFs, born: Origin<HostFile> | NewFile) {
    super(fs, born);
    this.#chunks = new Chunks(fs.budget);
    if (!isOrigin(born)) return;
    this.#lower = born.lower;
    this.#sizeBytes = this.#lowerBytes = born.lower.stat().sizeBytes;
  }

  override get sizeBytes(): number {
    return this.#sizeBytes;
  }

  protected override get blocks(): number {
    if (this.#chunks.isEmpty) return this.#lowerBytes > 0 ? (this.#lower?.stat().blocks ?? 0) : 0;
    // Buffers grow by doubling; a file system would have allocated no more than whole pages up to the size.
    const pagesBytes = Math.ceil(this.#sizeBytes / PAGE_BYTES) * PAGE_BYTES;
    return Math.min(Math.max(this.#chunks.allocatedBytes, this.#lowerBytes), pagesBytes) / BLOCK_BYTES;
  }

  /** True when the content is still the lower file's: pages of it may then be shared under its key. */
  get isPristine(): boolean {
    return (
      this.#lower !== undefined &&
      this.#mapped === undefined &&
      this.#chunks.isEmpty &&
      this.#lowerBytes === this.#sizeBytes &&
      this.#sizeBytes === this.#lower.stat().sizeBytes
    );
  }

  override read(into: Uint8Array, position: number): number {
    const length = Math.min(into.length, this.#sizeBytes - position);
    if (length <= 0) return 0;
    if (this.#mapped === undefined && this.#chunks.isEmpty && position + length <= this.#lowerBytes) {
      return this.#readLower(into.subarray(0, length), position);
    }
    for (let done = 0; done < length; ) {
      const at = position + done;
      const size = Math.min(length - done, CHUNK_BYTES - (at % CHUNK_BYTES));
      this.#readPiece(into.subarray(done, done + size), at);
      done += size;
    }
    if (this.#mapped !== undefined) this.#readMapped(into.subarray(0, length), position, this.#mapped);
    return length;
  }

  override write(from: Uint8Array, position: number): number {
    if (position + from.length > FILE_BYTES_MAX) return fail("EFBIG");
    if (from.length === 0) return 0;
    for (let done = 0; done < from.length; ) {
      const at = position + done;
      const size = Math.min(from.length - done, CHUNK_BYTES - (at % CHUNK_BYTES));
      this.#chunkFor(at, size).set(from.subarray(done, done + size), at % CHUNK_BYTES);
      done += size;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, position + from.length);
    if (this.#mapped !== undefined) this.#writeMapped(from, position, this.#mapped);
    this.#contentChanged();
    return from.length;
  }

  override truncate(sizeBytes: number): void {
    if (sizeBytes > FILE_BYTES_MAX) fail("EFBIG");
    if (sizeBytes < this.#sizeBytes) {
      this.#chunks.truncate(sizeBytes);
      this.#lowerBytes = Math.min(this.#lowerBytes, sizeBytes);
      this.#clearMappedTail(sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
    this.#contentChanged();
  }

  override contentKey(): string | undefined {
    return undefined;
  }

  override noteRead(): void {
    if (this.#lowerBytes > 0) this.#lower?.noteRead();
  }

  override attachSharedPages(pages: SharedFilePages): () => void {
    if (this.#mapped !== undefined) return fail("ENODEV");
    this.#mapped = pages;
    this.retain();
    return () => {
      this.#mapped = undefined;
      this.#takeOver(pages);
      this.release();
    };
  }

  /** Gives the memory back. What still lies on the host costs nothing and stays readable. */
  protected override freeContent(): void {
    if (this.#chunks.isEmpty) return;
    this.#chunks.truncate(0);
    this.#lowerBytes = 0;
    this.#sizeBytes = 0;
  }

  #contentChanged(): void {
    this.mtimeNs = this.ctimeNs = this.fs.now();
    if (!this.fs.keepsSetId) this.mode = withoutSetId(this.mode);
  }

  /** The chunk that holds [at, at + size), with what the lower file has there unless all of it is overwritten. */
  #chunkFor(at: number, size: number): Uint8Array {
    const index = Math.floor(at / CHUNK_BYTES);
    const start = index * CHUNK_BYTES;
    if (this.#chunks.get(index) !== undefined) return this.#chunks.ensure(index, at - start + size);
    const lowerHere = Math.max(0, Math.min(CHUNK_BYTES, this.#lowerBytes - start));
    const chunk = this.#chunks.ensure(index, Math.max(at - start + size, lowerHere));
    const overwritten = at === start && size >= lowerHere;
    if (lowerHere > 0 && !overwritten) this.#readLower(chunk.subarray(0, lowerHere), start);
    return chunk;
  }

  /** Reads within one chunk. */
  #readPiece(into: Uint8Array, position: number): void {
    const chunk = this.#chunks.get(Math.floor(position / CHUNK_BYTES));
    let filled = 0;
    if (chunk !== undefined) {
      const from = position % CHUNK_BYTES;
      const part = chunk.subarray(from, from + into.length);
      into.set(part);
      filled = part.length;
    } else if (position < this.#lowerBytes) {
      filled = Math.min(into.length, this.#lowerBytes - position);
      this.#readLower(into.subarray(0, filled), position);
    }
    into.fill(0, filled);
  }

  /** Fills `into` from the host; a file that shrank on the host meanwhile gives zeros. */
  #readLower(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const bytes = this.#lower?.read(into.subarray(done), position + done) ?? 0;
      if (bytes === 0) break;
      done += bytes;
    }
    into.fill(0, done);
    return into.length;
  }

  // --- pages mapped shared and writable: where the guest has a page, that page is the content ---

  #readMapped(into: Uint8Array, position: number, mapped: SharedFilePages): void {
    forEachPage(position, into.length, (page, inPage, offset, size) => {
      const bytes = mapped.page(page);
      if (bytes !== undefined) into.set(bytes.subarray(inPage, inPage + size), offset);
    });
  }

  #writeMapped(from: Uint8Array, position: number, mapped: SharedFilePages): void {
    forEachPage(position, from.length, (page, inPage, offset, size) => {
      const bytes = mapped.page(page);
      if (bytes === undefined) return;
      bytes.set(from.subarray(offset, offset + size), inPage);
      mapped.written(page);
    });
  }

  #clearMappedTail(sizeBytes: number): void {
    const page = Math.floor(sizeBytes / PAGE_BYTES);
    const bytes = this.#mapped?.page(page);
    if (bytes === undefined) return;
    bytes.fill(0, sizeBytes % PAGE_BYTES);
    this.#mapped?.written(page);
  }

  /** Writes pages that differ from the content into it. */
  #takeOver(pages: SharedFilePages): void {
    const old = new Uint8Array(PAGE_BYTES);
    for (const index of pages.indexes()) {
      const start = index * PAGE_BYTES;
      const size = Math.min(PAGE_BYTES, this.#sizeBytes - start);
      const bytes = size > 0 ? pages.page(index) : undefined;
      if (bytes === undefined) continue;
      this.read(old.subarray(0, size), start);
      const now = bytes.subarray(0, size);
      if (Buffer.compare(now, old.subarray(0, size)) !== 0) this.write(now, start);
    }
  }
}

/** Calls `visit(page, offset in page, offset in range, size)` for each page of the range. */
function forEachPage(
  position: number,
  length: number,
  visit: (page: number, inPage: number, offset: number, size: number) => void,
): void {
  for (let done = 0; done < length; ) {
    const at = position + done;
    const inPage = at % PAGE_BYTES;
    const size = Math.min(length - done, PAGE_BYTES - inPage);
    visit(Math.floor(at / PAGE_BYTES), inPage, done, size);
    done += size;
  }
}
