import { type GuestMemory, PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import type { AddressSpace } from "./address-space.ts";

/** Addresses from here on are never user memory (the canonical lower half, Intel SDM vol. 1, 3.3.7.1). */
const CANONICAL_LIMIT = 0x8000_0000_0000;

/** Memory brought in for a transfer before it is known how far that goes: what a pipe holds at most. */
const PIECE_BYTES_MAX = 1024 * 1024;

/**
 * Reads and writes a process's memory by its own addresses, page by page, with its own rights: the only way system calls
 * touch guest memory. Pages not there yet are faulted in; what the process itself could not reach is EFAULT.
 */
export class UserMemory {
  readonly #space: AddressSpace;
  readonly #memory: GuestMemory;

  constructor(space: AddressSpace, memory: GuestMemory) {
    this.#space = space;
    this.#memory = memory;
  }

  /** Guest-physical address behind a user address, or -1; the page is made present and, for `write`, writable. */
  #tryPhysical(address: number, write: boolean): number {
    return address >= 0 && address < CANONICAL_LIMIT ? this.#space.translate(address, write) : -1;
  }

  #physical(address: number, write: boolean): number {
    const physical = this.#tryPhysical(address, write);
    return physical < 0 ? fail("EFAULT") : physical;
  }

  /**
   * Calls `visit` with each physically contiguous piece of [address, address + length); it returns how many bytes it
   * used, and fewer than given stops the walk. A fault at the start throws EFAULT; one further on ends the walk early,
   * as Linux does. Returns the bytes used.
   */
  visit(address: number, length: number, write: boolean, visit: (piece: Uint8Array) => number): number {
    let done = 0;
    while (done < length) {
      const start = address + done;
      const physical = done === 0 ? this.#physical(start, write) : this.#tryPhysical(start, write);
      if (physical < 0) return done;
      const wanted = Math.min(length - done, PIECE_BYTES_MAX);
      let size = Math.min(wanted, PAGE_SIZE - (start % PAGE_SIZE));
      while (size < wanted && this.#tryPhysical(start + size, write) === physical + size) {
        size += Math.min(wanted - size, PAGE_SIZE);
      }
      const used = visit(this.#memory.bytes.subarray(physical, physical + size));
      this.#space.cache.allowance.work(1 + Math.floor(size / PAGE_SIZE));
      if (used <= 0) return done;
      if (write) this.#memory.markWritten(physical, used);
      done += used;
      if (used < size) return done;
    }
    return done;
  }

  /** Whether {@link visit} would find a first byte there, or has none to look for. */
  reaches(address: number, length: number, write: boolean): boolean {
    return length === 0 || this.#tryPhysical(address, write) >= 0;
  }

  read(address: number, length: number): Buffer<ArrayBuffer> {
    const out = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const start = address + done;
      const size = Math.min(length - done, PAGE_SIZE - (start % PAGE_SIZE));
      const physical = this.#physical(start, false);
      out.set(this.#memory.bytes.subarray(physical, physical + size), done);
      done += size;
    }
    return out;
  }

  write(address: number, data: Uint8Array): void {
    let done = 0;
    while (done < data.length) {
      const start = address + done;
      const size = Math.min(data.length - done, PAGE_SIZE - (start % PAGE_SIZE));
      const physical = this.#physical(start, true);
      this.#memory.bytes.set(size === data.length ? data : data.subarray(done, done + size), physical);
      this.#memory.markWritten(physical, size);
      done += size;
    }
  }

  /** The bytes up to a null as a byte string, or undefined when there is none within `limit` bytes. */
  readString(address: number, limit: number): string | undefined {
    let text = "";
    let position = address;
    while (text.length < limit) {
      const physical = this.#physical(position, false);
      const size = Math.min(PAGE_SIZE - (position % PAGE_SIZE), limit - text.length);
      const piece = this.#memory.bytes.subarray(physical, physical + size);
      const end = piece.indexOf(0);
      text += Buffer.from(piece.buffer, piece.byteOffset, end < 0 ? size : end).toString("latin1");
      if (end >= 0) return text;
      position += size;
    }
    return undefined;
  }

  readU32(address: number): number {
    if (address % 4 === 0) return this.#memory.words[this.#physical(address, false) / 4];
    return this.read(address, 4).readUInt32LE(0);
  }

  readI32(address: number): number {
    return this.readU32(address) | 0;
  }

  writeU32(address: number, value: number): void {
    if (address % 4 !== 0) {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt32LE(value >>> 0);
      this.write(address, bytes);
      return;
    }
    const physical = this.#physical(address, true);
    this.#memory.words[physical / 4] = value;
    this.#memory.markWritten(physical, 4);
  }

  /** Unsigned 64-bit value; exact below 2^53. */
  readU64(address: number): number {
    if (address % 8 !== 0) {
      const bytes = this.read(address, 8);
      return bytes.readUInt32LE(4) * 0x1_0000_0000 + bytes.readUInt32LE(0);
    }
    const index = this.#physical(address, false) / 4;
    return this.#memory.words[index + 1] * 0x1_0000_0000 + this.#memory.words[index];
  }

  writeU64(address: number, value: number): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    this.write(address, bytes);
  }
}
