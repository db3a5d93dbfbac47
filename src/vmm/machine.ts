import { closeSync } from "node:fs";
import { ZtlError } from "../errors.ts";
import { AddressSpaces } from "./address-spaces.ts";
import { GuestMemory } from "./guest-memory.ts";
import { KvmVm } from "./host/kvm.ts";
import { memfdCreate } from "./host/memfd.ts";
import { MemoryMap } from "./host/memory-map.ts";
import { PreemptionTimer } from "./host/timer.ts";
import { KvmCpu } from "./kvm-cpu.ts";
import { MAX_MEMORY_BYTES, MIN_MEMORY_BYTES, PAGE_SIZE } from "./layout.ts";
import { PageAllocator } from "./page-allocator.ts";
import type { PageTables } from "./page-tables.ts";
import { syscallRing } from "./syscall-ring.ts";
import { writeSystemPages } from "./system-pages.ts";

/** One virtual machine: memory, page tables, one CPU. */
export class Machine {
  readonly memory: GuestMemory;
  readonly pages: PageAllocator;
  readonly cpu: KvmCpu;
  /** The memory file of a machine made by {@link Machine.create}. */
  readonly memoryFd: number;
  readonly #vm: KvmVm;
  readonly #spaces: AddressSpaces;
  readonly #timer = new PreemptionTimer();
  #closed = false;

  private constructor(fd: number, memory: GuestMemory, vm: KvmVm, cpu: KvmCpu) {
    this.memoryFd = fd;
    this.memory = memory;
    this.#vm = vm;
    this.cpu = cpu;
    this.pages = new PageAllocator(memory);
    this.#spaces = new AddressSpaces(memory);
  }

  /** A machine with empty memory of its own. @throws ZtlError `bad-memory-size`, `kvm-unavailable`, `kvm-unusable` */
  static create(options: { readonly memoryBytes: number }): Machine {
    const { memoryBytes } = options;
    if (memoryBytes % PAGE_SIZE !== 0 || memoryBytes < MIN_MEMORY_BYTES || memoryBytes > MAX_MEMORY_BYTES) {
      const bounds = { memoryBytes, min: MIN_MEMORY_BYTES, max: MAX_MEMORY_BYTES };
      throw new ZtlError("bad-memory-size", "A machine's memory is a whole number of pages between the bounds.", bounds);
    }
    const ring = syscallRing();
    const fd = memfdCreate("ztl-guest", memoryBytes);
    const memory = new GuestMemory(new MemoryMap(fd, memoryBytes, "shared"));
    writeSystemPages(memory, ring);
    const vm = new KvmVm();
    vm.setMemory(memory.hostAddress, memoryBytes, false);
    return new Machine(fd, memory, vm, new KvmCpu(vm, memory, ring));
  }

  /** An address space that maps nothing yet. @throws ZtlError `out-of-page-tables` */
  newAddressSpace(): PageTables {
    return this.#spaces.create();
  }

  /** Gives an address space back; the caller has released the pages it mapped and loads another before the next run. */
  releaseAddressSpace(tables: PageTables): void {
    this.#spaces.release(tables);
  }

  /** The live address space with this root. */
  addressSpace(root: number): PageTables {
    return this.#spaces.get(root);
  }

  /** Has {@link KvmCpu.run} return `interrupted` about every `intervalMs` while the guest runs. Stop it outside runs. */
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
    this.cpu.close();
    this.#vm.close();
    this.memory.close();
    if (this.memoryFd >= 0) closeSync(this.memoryFd);
  }
}
