import { closeSync } from "node:fs";
import { invariant, ZtlError } from "../errors.ts";
import { AddressSpaces } from "./address-spaces.ts";
import { installAnnex } from "./annex.ts";
import type { Cpu } from "./cpu.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { GuestMemory } from "./guest-memory.ts";
import { KvmVm } from "./host/kvm.ts";
import { duplicateFd, memfdCreate } from "./host/memfd.ts";
import { MemoryMap } from "./host/memory-map.ts";
import { PreemptionTimer } from "./host/timer.ts";
import { KvmCpu } from "./kvm-cpu.ts";
import { DATA_START, PAGE_SIZE, SystemPhysical } from "./layout.ts";
import { assertCompatible, checkMemorySize, IMAGE_VERSION, type MachineImage } from "./machine-image.ts";
import { PageAllocator } from "./page-allocator.ts";
import type { PageTables } from "./page-tables.ts";
import { Baseline, type MachineParts, type RollbackResult } from "./rollback.ts";
import { syscallRing } from "./syscall-ring.ts";
import { writeSystemPages } from "./system-pages.ts";

/** Shadow pages KVM may keep: the whole page-table arena, which no program comes near. */
const SHADOW_PAGES = 4096;

/** One virtual machine: memory, page tables, one CPU. */
export class Machine {
  readonly memory: GuestMemory;
  readonly pages: PageAllocator;
  readonly cpu: Cpu;
  readonly #parts: MachineParts;
  /** The machine's own memory file, or a descriptor of the image's. */
  readonly #fd: number;
  #ownsFd = true;
  /** What {@link rollback} goes back to: machines made from an image only. */
  readonly #baseline: Baseline | undefined;
  readonly #timer = new PreemptionTimer();
  #closed = false;

  private constructor(fd: number, parts: MachineParts, baseline: Baseline | undefined) {
    this.#fd = fd;
    this.#parts = parts;
    this.#baseline = baseline;
    this.memory = parts.memory;
    this.pages = parts.pages;
    this.cpu = parts.cpu;
  }

  /** A machine with empty memory of its own. @throws ZtlError `bad-memory-size`, `kvm-unavailable`, `kvm-unusable` */
  static create(options: { readonly memoryBytes: number }): Machine {
    checkMemorySize(options.memoryBytes);
    const fd = memfdCreate("ztl-guest", options.memoryBytes);
    return closingOnError(fd, () => {
      const memory = new GuestMemory(new MemoryMap(fd, options.memoryBytes, "shared"));
      writeSystemPages(memory, syscallRing());
      return new Machine(fd, assemble(memory, false), undefined);
    });
  }

  /**
   * A machine that goes on where the image was sealed, on a private copy-on-write view of its memory file.
   * @param options.fd the memory file, sealed or at least never written again; may be closed afterwards.
   * @throws ZtlError `snapshot-incompatible`
   */
  static fromImage(options: { readonly fd: number; readonly image: MachineImage }): Machine {
    const { image } = options;
    assertCompatible(image);
    const fd = duplicateFd(options.fd);
    return closingOnError(fd, () => {
      const memory = new GuestMemory(new MemoryMap(fd, image.memoryBytes, "private-with-pristine"));
      const parts = assemble(memory, true);
      try {
        return new Machine(fd, parts, restore(parts, image));
      } catch (error) {
        disassemble(parts);
        throw error;
      }
    });
  }

  /** The memory file of a machine made by {@link Machine.create}; after {@link seal} it belongs to the caller. */
  get memoryFd(): number {
    invariant(!this.#baseline, "only a created machine has a memory file of its own");
    return this.#fd;
  }

  /**
   * Has system calls land in this code first (see annex.ts), here and in all machines made from an image of this one. False
   * where they land in ring 0: there is none for that yet.
   */
  installAnnex(code: Uint8Array): boolean {
    if (syscallRing() !== 3) return false;
    installAnnex(this.memory, code, 3);
    return true;
  }

  /** An address space that maps nothing yet. @throws OutOfPageTables */
  newAddressSpace(): PageTables {
    return this.#parts.spaces.create();
  }

  /** Gives an address space back; the caller has released the pages it mapped and loads another before the next run. */
  releaseAddressSpace(tables: PageTables): void {
    this.#parts.spaces.release(tables);
  }

  /** The live address space with this root. */
  addressSpace(root: number): PageTables {
    return this.#parts.spaces.get(root);
  }

  /**
   * Describes the stopped machine; with the bytes of {@link memoryFd} that is all of it. Free pages are zeroed first, so
   * nothing the guest gave back is left in the file. The caller now owns the descriptor: it closes the machine, which
   * unmaps the file, then seals the file.
   * @throws ZtlError `not-sealable` for a machine made from an image: its memory is no file of its own.
   */
  seal(): MachineImage {
    if (this.#baseline) {
      throw new ZtlError("not-sealable", "Only a machine made by Machine.create can be sealed, not one from an image.");
    }
    const { memory, cpu, pages, spaces } = this.#parts;
    pages.zeroFreePages();
    memory.zeroPage(SystemPhysical.interruptStack);
    this.#ownsFd = false;
    return {
      version: IMAGE_VERSION,
      memoryBytes: memory.sizeBytes,
      cpuDigest: cpuFeatures().digest,
      syscallRing: syscallRing(),
      cpu: cpu.toImage(),
      pages: pages.toImage(),
      addressSpaces: spaces.toImage(),
    };
  }

  /** Puts everything back to the image, in place. Only for machines made from one. */
  rollback(): RollbackResult {
    invariant(this.#baseline, "only a machine made from an image can be rolled back");
    return this.#baseline.rollback();
  }

  /** Makes host pages present ahead of use, e.g. those that an earlier run was seen to write ({@link writtenRanges}). */
  populate(ranges: Iterable<readonly [physical: number, length: number]>): void {
    for (const [physical, length] of ranges) this.memory.populate(physical, length);
  }

  /** Pages written since the image, by the guest in any run or by the host in this one. */
  writtenRanges(): (readonly [physical: number, length: number])[] {
    invariant(this.#baseline, "only a machine made from an image knows what was written since");
    const ranges: (readonly [number, number])[] = [];
    this.#baseline.dirty.refresh();
    this.#baseline.dirty.forEachRun(0, this.memory.sizeBytes, (start, end) => ranges.push([start, end - start]));
    return ranges;
  }

  /** A new machine with a copy of this stopped one's whole state. From an image, it can be rolled back to it as well. */
  branch(): Machine {
    const copy = this.#baseline
      ? Machine.fromImage({ fd: this.#fd, image: this.#baseline.image })
      : Machine.create({ memoryBytes: this.memory.sizeBytes });
    try {
      this.#copyMemoryTo(copy.memory);
      copy.pages.copyFrom(this.pages);
      copy.#parts.spaces.copyFrom(this.#parts.spaces);
      copy.#parts.cpu.restore(this.#parts.cpu.capture());
      return copy;
    } catch (error) {
      copy.close();
      throw error;
    }
  }

  /** Copies all but page tables: pages that differ from the common image, or, without one, every page ever handed out. */
  #copyMemoryTo(to: GuestMemory): void {
    const { bytes } = this.memory;
    const copyRange = (start: number, end: number) => {
      to.bytes.set(bytes.subarray(start, end), start);
      to.markWritten(start, end - start);
    };
    if (this.#baseline) {
      this.#baseline.dirty.refresh();
      this.#baseline.dirty.forEachRun(0, this.pages.bump, copyRange);
    } else if (this.pages.bump > DATA_START) {
      copyRange(DATA_START, this.pages.bump);
    }
  }

  /** Makes the timer now: a confined process makes no new ones. */
  prepareTimer(): void {
    this.#timer.prepare();
  }

  /** Has {@link Cpu.run} return `interrupted` about every `intervalMs` while the guest runs. Stop it outside runs. */
  startTimer(intervalMs: number): void {
    this.#timer.start(intervalMs);
  }

  stopTimer(): void {
    this.#timer.stop();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    disassemble(this.#parts);
    if (this.#ownsFd) closeSync(this.#fd);
  }
}

/** A KVM machine around memory that has its system pages already. Closes the memory when that fails. */
function assemble(memory: GuestMemory, logDirty: boolean): MachineParts {
  let vm: KvmVm | undefined;
  try {
    vm = new KvmVm();
    if (logDirty) vm.enableManualDirtyLog();
    vm.setShadowPages(Math.max(SHADOW_PAGES, memory.sizeBytes / PAGE_SIZE / 50));
    vm.setMemory(memory.hostAddress, memory.sizeBytes, logDirty);
    const cpu = new KvmCpu(vm, memory, syscallRing());
    return { memory, vm, cpu, pages: new PageAllocator(memory), spaces: new AddressSpaces(memory) };
  } catch (error) {
    vm?.close();
    memory.close();
    throw error;
  }
}

/** Brings a machine whose memory shows the image's bytes to the rest of its state. */
function restore(parts: MachineParts, image: MachineImage): Baseline {
  parts.pages.restore(image.pages);
  parts.spaces.restore(image.addressSpaces);
  return new Baseline(parts, image);
}

/** In this order: KVM must be gone before its memory is, since it would go on writing to the range. */
function disassemble(parts: MachineParts): void {
  parts.cpu.close();
  parts.vm.close();
  parts.memory.close();
}

function closingOnError<T>(fd: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
