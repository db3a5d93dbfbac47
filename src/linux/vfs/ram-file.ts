import { fail } from "../errno.ts";
import { FileCharge } from "./budget.ts";
import { CHUNK_BYTES, Chunks } from "./chunks.ts";
import { type FileParts, nextData, nextHole } from "./holes.ts";
import { FileType, type NewFile, type SharedFilePages } from "./inode.ts";
import type { LowerFile } from "./lower-inode.ts";
import type { RamFs } from "./ram-fs.ts";
import { isOrigin, type Origin, RamInode, withoutSetId } from "./ram-inode.ts";

/** Largest file: 8 TiB, half of what ext4 allows with 4 KiB blocks; keeps every offset exact as a number. */
const FILE_BYTES_MAX = 8 * 2 ** 40;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 512;
/** What chunks leave out. */
const HOLE = new Uint8Array(CHUNK_BYTES);

/**
 * A regular file in RAM. Over a lower file it is a copy made chunk by chunk: below {@link #lowerBytes} what has no chunk
 * yet is read from the host.
 */
export class RamFile extends RamInode {
  override readonly type = FileType.regular;
  readonly #charge: FileCharge;
  readonly #chunks: Chunks;
  readonly #lower: LowerFile | undefined;
  #lowerBytes = 0;
  #sizeBytes = 0;
  #mapped: SharedFilePages | undefined;

  constructor(fs: RamFs, born: Origin<LowerFile> | NewFile) {
    super(fs, born);
    this.#charge = new FileCharge(fs.budget);
    this.#chunks = new Chunks(this.#charge);
    if (!isOrigin(born)) return;
    this.#lower = born.lower;
    this.#sizeBytes = this.#lowerBytes = born.lower.stat().sizeBytes;
  }

  override get tellsSize(): boolean {
    return true;
  }

  override get sizeBytes(): number {
    return this.#sizeBytes;
  }

  protected override get blocks(): number {
    if (this.#chunks.isEmpty) return this.#lowerBytes > 0 ? (this.#lower?.stat().blocks ?? 0) : 0;
    // Buffers grow by doubling; a file system would have allocated no more than whole pages up to the size.
    const pagesBytes = Math.ceil(this.#sizeBytes / PAGE_BYTES) * PAGE_BYTES;
    return Math.min(Math.max(this.#charge.allocatedBytes, this.#lowerBytes), pagesBytes) / BLOCK_BYTES;
  }

  /** Not while it is mapped: the first store to a page, which makes it the content, is no system call. */
  override get isStill(): boolean {
    return this.#mapped === undefined;
  }

  /** True when the content is still the lower file's. */
  get isPristine(): boolean {
    return (
      this.#lower !== undefined &&
      !this.#isWritableByGuest &&
      this.#chunks.isEmpty &&
      this.#lowerBytes === this.#sizeBytes &&
      this.#sizeBytes === this.#lower.stat().sizeBytes
    );
  }

  /** True when the guest may have changed the content without a system call. */
  get #isWritableByGuest(): boolean {
    return this.#mapped !== undefined && this.#mapped.writable().size > 0;
  }

  #isWritablePart(position: number, length: number): boolean {
    if (this.#mapped === undefined || !this.#isWritableByGuest) return false;
    const writable = this.#mapped.writable();
    for (let page = Math.floor(position / PAGE_BYTES); page * PAGE_BYTES < position + length; page++)
      if (writable.has(page)) return true;
    return false;
  }

  override read(into: Uint8Array, position: number): number {
    const length = Math.min(into.length, this.#sizeBytes - position);
    if (length <= 0) return 0;
    if (!this.#isWritableByGuest && this.#chunks.isEmpty && position + length <= this.#lowerBytes) {
      return this.#readLower(into.subarray(0, length), position);
    }
    if (this.#mapped !== undefined && this.#isWritableByGuest) {
      this.#readMapped(into.subarray(0, length), position, this.#mapped);
      return length;
    }
    for (let done = 0; done < length; ) {
      const at = position + done;
      const size = Math.min(length - done, CHUNK_BYTES - (at % CHUNK_BYTES));
      this.#readPiece(into.subarray(done, done + size), at);
      done += size;
    }
    return length;
  }

  /**
   * A part of the content, which must be all there, in pieces that stay as they are until the next run starts. What is in
   * memory of ours is handed out itself; `copied` is told of everything else before it is read, and may throw.
   */
  pieces(position: number, length: number, copied: (bytes: number) => void): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = position, end = position + length, size = 0; at < end; at += size) {
      size = Math.min(end - at, CHUNK_BYTES - (at % CHUNK_BYTES));
      const held = this.#heldPiece(at, size);
      if (held === undefined) copied(size);
      const piece = held ?? new Uint8Array(size);
      if (held === undefined) this.read(piece, at);
      pieces.push(piece);
      if (piece.length < size) pieces.push(HOLE.subarray(0, size - piece.length));
    }
    return pieces;
  }

  /** What a chunk has there, up to where only zeros follow; undefined when the content is the host's or in the guest's pages. */
  #heldPiece(position: number, length: number): Uint8Array | undefined {
    if (this.#isWritablePart(position, length)) return undefined;
    const from = position % CHUNK_BYTES;
    const chunk = this.#chunks.get(Math.floor(position / CHUNK_BYTES));
    if (chunk === undefined && position < this.#lowerBytes) return undefined;
    return chunk?.subarray(from, from + length) ?? HOLE.subarray(0, 0);
  }

  override write(from: Uint8Array, position: number): number {
    if (position + from.length > FILE_BYTES_MAX) return fail("EFBIG");
    if (from.length === 0) return 0;
    this.#chargeSize(Math.max(this.#sizeBytes, position + from.length));
    if (position > this.#sizeBytes) this.#clearMappedTail(this.#sizeBytes);
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
    this.#chargeSize(sizeBytes);
    if (sizeBytes < this.#sizeBytes) {
      this.#chunks.truncate(sizeBytes);
      this.#lowerBytes = Math.min(this.#lowerBytes, sizeBytes);
      this.#mapped?.endAt(Math.ceil(sizeBytes / PAGE_BYTES));
    }
    // Behind the end, the guest may have written to the last page: that is to be no part of a file that grows.
    this.#clearMappedTail(Math.min(this.#sizeBytes, sizeBytes));
    this.#sizeBytes = sizeBytes;
    this.#contentChanged();
  }

  override nextData(position: number): number | undefined {
    return nextData(this.#parts, position);
  }

  override nextHole(position: number): number {
    return nextHole(this.#parts, position);
  }

  get #parts(): FileParts {
    const [lowerBytes, sizeBytes, chunks] = [this.#lowerBytes, this.#sizeBytes, this.#chunks];
    return { lowerBytes, sizeBytes, chunks, written: this.#mapped?.writable(), charge: this.#charge };
  }

  override clear(start: number, end: number): void {
    const last = Math.min(end, this.#sizeBytes);
    if (start >= last) return;
    this.#chargeSize(this.#sizeBytes);
    const below = Math.ceil(this.#lowerBytes / CHUNK_BYTES);
    const indexes = new Set(this.#chunks.indexes());
    for (let i = Math.floor(start / CHUNK_BYTES); i < below && i * CHUNK_BYTES < last; i++) indexes.add(i);
    for (const index of indexes) {
      const from = Math.max(start, index * CHUNK_BYTES);
      const to = Math.min(last, (index + 1) * CHUNK_BYTES);
      if (from < to) this.#clearChunk(index, from, to);
    }
    for (const index of this.#mapped?.pages() ?? []) this.#clearMapped(index, start, last);
    this.#contentChanged();
  }

  #clearChunk(index: number, from: number, to: number): void {
    const start = index * CHUNK_BYTES;
    if (from === start && to === start + CHUNK_BYTES && start >= this.#lowerBytes) this.#chunks.drop(index);
    else this.#chunkFor(from, to - from).fill(0, from - start, to - start);
  }

  override contentKey(): string | undefined {
    return undefined;
  }

  override get sharesPages(): boolean {
    return true;
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
    this.#charge.resize(0);
    if (this.#chunks.isEmpty) return;
    this.#chunks.truncate(0);
    this.#lowerBytes = 0;
    this.#sizeBytes = 0;
  }

  /** A change of the content makes the whole file one that is handed out, holes included. */
  #chargeSize(sizeBytes: number): void {
    if (this.fs.isHandedOut) this.#charge.resize(sizeBytes);
  }

  #contentChanged(): void {
    this.mtimeNs = this.ctimeNs = this.now();
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

  // --- pages the guest has mapped: what it may have written to is the content, the rest shows it ---

  /** Page by page, each from where it is: `into` may be a mapping of this file, whose pages hold what is to be read. */
  #readMapped(into: Uint8Array, position: number, mapped: SharedFilePages): void {
    const writable = mapped.writable();
    forEachPage(position, into.length, (page, inPage, offset, size) => {
      const bytes = writable.has(page) ? mapped.page(page) : undefined;
      if (bytes !== undefined) into.set(bytes.subarray(inPage, inPage + size), offset);
      else this.#readPiece(into.subarray(offset, offset + size), position + offset);
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

  /** Makes zeros of what the page with this position holds from there on. */
  #clearMappedTail(position: number): void {
    this.#clearMapped(Math.floor(position / PAGE_BYTES), position, Number.POSITIVE_INFINITY);
  }

  #clearMapped(page: number, start: number, end: number): void {
    const bytes = this.#mapped?.page(page);
    const from = Math.max(start - page * PAGE_BYTES, 0);
    const to = Math.min(end - page * PAGE_BYTES, PAGE_BYTES);
    if (bytes === undefined || from >= to) return;
    bytes.fill(0, from, to);
    this.#mapped?.written(page);
  }

  /** Writes pages that differ from the content into it. */
  #takeOver(pages: SharedFilePages): void {
    const old = new Uint8Array(PAGE_BYTES);
    for (const index of pages.writable()) {
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
