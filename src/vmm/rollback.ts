import type { AddressSpaces } from "./address-spaces.ts";
import type { CpuState } from "./cpu-state.ts";
import { DirtyPages } from "./dirty-pages.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { KvmVm } from "./host/kvm.ts";
import type { KvmCpu } from "./kvm-cpu.ts";
import { PAGE_SIZE, TABLE_ARENA_END } from "./layout.ts";
import type { CpuImage, MachineImage } from "./machine-image.ts";
import type { PageAllocator, PageAllocatorCheckpoint } from "./page-allocator.ts";

/**
 * Fresh pages up to this many bytes are zeroed in place, which keeps their host pages (0.1 to 0.4 us each); beyond it the
 * host pages are given back, at 2 us each for whoever needs them next.
 */
const ZERO_IN_PLACE_BYTES = 8 << 20;
/** Pages in KVM's cumulative log at which starting it anew is cheaper than restoring them all at every rollback: 32 MiB. */
const MAX_LOGGED_PAGES = 8192;
/** Page tables left at which all trees are put back as they were: calls may need as many, and 12 MiB of them are in use then. */
const MIN_TABLES_LEFT = ((TABLE_ARENA_END / PAGE_SIZE) * 5) / 8;

export interface RollbackResult {
  /** Pages restored or zeroed. */
  readonly pages: number;
  /** Ranges whose translations had to be dropped. */
  readonly flushedRanges: number;
}

/** The parts of a machine that a rollback puts back. */
export interface MachineParts {
  readonly memory: GuestMemory;
  readonly vm: KvmVm;
  readonly cpu: KvmCpu;
  readonly pages: PageAllocator;
  readonly spaces: AddressSpaces;
}

/** The image a machine came from, in the form in which going back to it is fastest. */
export class Baseline {
  readonly image: MachineImage;
  readonly dirty: DirtyPages;
  readonly #parts: MachineParts;
  readonly #pages: PageAllocatorCheckpoint;
  readonly #cpu: CpuState;

  /** For a machine whose memory, pages and address spaces are those of `image`; brings its CPU there, too. */
  constructor(parts: MachineParts, image: MachineImage) {
    this.image = image;
    this.dirty = new DirtyPages(parts.memory, parts.vm);
    this.#parts = parts;
    this.#pages = parts.pages.checkpoint();
    this.#cpu = startCpu(parts.cpu, image.cpu);
  }

  rollback(): RollbackResult {
    const { memory, cpu, pages, spaces } = this.#parts;
    this.dirty.refresh();
    spaces.rollback(pages.floor);
    const old = this.#restorePages();
    const fresh = this.#clearFresh();
    memory.hostWrites.fill(0);
    pages.rollback(this.#pages);
    if (old > MAX_LOGGED_PAGES || spaces.arena.tablesLeft < MIN_TABLES_LEFT) this.#startAnew();
    const flushedRanges = memory.flushRevoked();
    cpu.restore(this.#cpu);
    return { pages: old + fresh, flushedRanges };
  }

  /** Copies back what changed of the pages the image had in use. */
  #restorePages(): number {
    const { memory, pages } = this.#parts;
    const { sizeBytes, allBytes } = memory;
    return this.dirty.forEachRun(0, pages.floor, (start, end) => {
      allBytes.copyWithin(start, sizeBytes + start, sizeBytes + end);
    });
  }

  /** Empties the pages handed out since the image, and has the guest forget where they were mapped. */
  #clearFresh(): number {
    const { memory, pages } = this.#parts;
    const from = pages.floor;
    const length = pages.bump - from;
    if (length === 0) return 0;
    if (length > ZERO_IN_PLACE_BYTES) {
      memory.discard(from, length);
      pages.forgetPopulated(from);
      return length / PAGE_SIZE;
    }
    memory.revoke(from, length);
    return this.dirty.forEachRun(from, from + length, (start, end) => memory.bytes.fill(0, start, end));
  }

  /** Makes KVM forget everything it learned about this memory, so that logs and page tables can begin anew. */
  #startAnew(): void {
    const { memory, vm, spaces } = this.#parts;
    vm.setMemory(memory.hostAddress, 0, true);
    spaces.reset(this.image.addressSpaces);
    vm.setMemory(memory.hostAddress, memory.sizeBytes, true);
  }
}

/** Brings a CPU that has not run yet to an image's state, and keeps that state for going back to it. */
function startCpu(cpu: KvmCpu, image: CpuImage): CpuState {
  cpu.registers.set(BigUint64Array.from(image.registers, (hex) => BigInt(hex)));
  cpu.writeFpu(Buffer.from(image.fpu, "base64"));
  cpu.writeSegmentBases(image.fs, image.gs);
  cpu.loadAddressSpace(image.root);
  return cpu.capture();
}
