import { hostError, madvise, mmap, mprotect, munmap, viewOf } from "./libc.ts";

/** Protection, flags and advice of mmap(2), madvise(2) (asm-generic/mman-common.h, linux/mman.h). */
const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MADV_DONTNEED = 4;
const MADV_DONTFORK = 10;
const MADV_DONTDUMP = 16;
const MADV_POPULATE_WRITE = 23;

/** Guest-physical and host addresses agree modulo 2 MiB, so that what KVM does by 2 MiB block is foreseeable. */
const ALIGNMENT = 2 << 20;

export type MemoryMapKind =
  /** Writes go to the memfd. */
  | "shared"
  /** Copy on write over the memfd, with a read-only view of the memfd itself right behind it. */
  | "private-with-pristine";

/** A guest's memory in this process. With a pristine half, byte `i` has its original at `sizeBytes + i`. */
export class MemoryMap {
  readonly address: number;
  readonly sizeBytes: number;
  /** One buffer over both halves, so that restoring a page is one `copyWithin`. */
  readonly buffer: ArrayBuffer;
  /** What was reserved: a little more than what is used, to begin at a 2 MiB boundary. */
  readonly #reserved: { readonly address: number; readonly bytes: number };
  readonly #usedBytes: number;
  #closed = false;

  constructor(fd: number, sizeBytes: number, kind: MemoryMapKind) {
    this.sizeBytes = sizeBytes;
    this.#usedBytes = kind === "shared" ? sizeBytes : 2 * sizeBytes;
    const bytes = this.#usedBytes + ALIGNMENT;
    // SAFETY: address 0 lets the kernel choose an unused range, so no existing mapping is replaced.
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const address = checked(mmap(0, bytes, PROT_NONE, flags, -1, 0), "mmap of guest memory");
    this.#reserved = { address, bytes };
    this.address = Math.ceil(address / ALIGNMENT) * ALIGNMENT;
    try {
      this.#place(fd, kind);
    } catch (error) {
      munmap(address, bytes);
      throw error;
    }
    this.buffer = viewOf(this.address, this.#usedBytes);
  }

  #place(fd: number, kind: MemoryMapKind): void {
    // SAFETY: MAP_FIXED replaces only the range reserved above, which nobody else knows yet.
    const sharing = kind === "shared" ? MAP_SHARED : MAP_PRIVATE;
    const flags = sharing | MAP_FIXED | MAP_NORESERVE;
    checked(mmap(this.address, this.sizeBytes, PROT_READ_WRITE, flags, fd, 0), "mmap of the memory file");
    if (kind === "private-with-pristine") {
      const behind = this.address + this.sizeBytes;
      checked(mmap(behind, this.sizeBytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0), "mmap of the pristine copy");
    }
    // Guest memory holds other people's data: no core dump and no forked child may carry it. Both are advice, and a
    // kernel that does not know them changes nothing for the guest.
    madvise(this.address, this.#usedBytes, MADV_DONTDUMP);
    madvise(this.address, this.#usedBytes, MADV_DONTFORK);
  }

  /**
   * Takes the pages away from every page table, KVM's included, and gives them back with their content: the only way to
   * make KVM forget a translation to them that works on every host (KVM's MMU notifier).
   */
  dropTranslations(offset: number, length: number): void {
    // SAFETY: the range lies inside this mapping (checked by the caller against sizeBytes), the vCPU is not running, and
    // no JavaScript runs between the two calls that could touch the pages.
    if (mprotect(this.address + offset, length, PROT_NONE) !== 0) throw hostError("mprotect(PROT_NONE)");
    if (mprotect(this.address + offset, length, PROT_READ_WRITE) !== 0) throw hostError("mprotect(PROT_READ_WRITE)");
  }

  /** Drops private copies: the pages show the memory file again, and no translation to them is left. */
  discard(offset: number, length: number): void {
    // SAFETY: as above; on a private file mapping MADV_DONTNEED is defined to bring the file's content back.
    if (madvise(this.address + offset, length, MADV_DONTNEED) !== 0) throw hostError("madvise(MADV_DONTNEED)");
  }

  /** Makes the host pages present and writable ahead of use. Best effort: kernels before 5.14 do not know it. */
  populate(offset: number, length: number): void {
    // SAFETY: as above; populating changes no content.
    madvise(this.address + offset, length, MADV_POPULATE_WRITE);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // SAFETY: GuestMemory replaces its views with empty ones before it calls this, so no array reaches the range any more.
    munmap(this.#reserved.address, this.#reserved.bytes);
  }
}

/** A shared, writable mapping of a vCPU's `kvm_run` page. */
export function mapShared(fd: number, length: number): { readonly address: number; readonly buffer: ArrayBuffer } {
  // SAFETY: the kernel chooses the address; length is the size KVM asked for.
  const address = checked(mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0), "mmap of kvm_run");
  return { address, buffer: viewOf(address, length) };
}

export function unmap(address: number, length: number): void {
  // SAFETY: called once, with what mapShared returned, after the owner dropped its views.
  munmap(address, length);
}

function checked(address: number | bigint, what: string): number {
  if (typeof address === "bigint") throw hostError(what);
  return address;
}
