import { closeSync } from "node:fs";
import { ZtlError } from "../errors.ts";
import { Register } from "./cpu.ts";
import { GuestMemory } from "./guest-memory.ts";
import { KvmVm } from "./host/kvm.ts";
import { memfdCreate } from "./host/memfd.ts";
import { MemoryMap } from "./host/memory-map.ts";
import { KvmCpu } from "./kvm-cpu.ts";
import { MIN_MEMORY_BYTES } from "./layout.ts";
import { PageTables } from "./page-tables.ts";
import { SYSCALL_PROBE, type SyscallRing, writeSystemPages } from "./system-pages.ts";
import { TableArena } from "./table-arena.ts";

let ring: SyscallRing | undefined;

/**
 * Which ring `syscall` lands in on this host, found out once by running one in a throwaway machine: 0 where the CPU does
 * it (VT-x, AMD-V), 3 where a paravirtual KVM answers it without leaving ring 3.
 */
export function syscallRing(): SyscallRing {
  ring ??= detect();
  return ring;
}

function detect(): SyscallRing {
  const fd = memfdCreate("ztl-probe", MIN_MEMORY_BYTES);
  const map = new MemoryMap(fd, MIN_MEMORY_BYTES, "shared");
  const memory = new GuestMemory(map);
  const vm = new KvmVm();
  try {
    vm.setMemory(memory.hostAddress, memory.sizeBytes, false);
    // A user doorbell works in both cases; machines get the tighter one where that is possible.
    writeSystemPages(memory, 3);
    const cpu = new KvmCpu(vm, memory, 3);
    try {
      cpu.loadAddressSpace(PageTables.create(memory, new TableArena()).root);
      cpu.registers[Register.rip] = BigInt(SYSCALL_PROBE);
      const trap = cpu.run();
      if (trap.kind !== "syscall") throw unusable(JSON.stringify(trap));
      const found = cpu.currentRing();
      if (found !== 0 && found !== 3) throw unusable(`system calls land in ring ${found}`);
      return found;
    } finally {
      cpu.close();
    }
  } finally {
    vm.close();
    memory.close();
    closeSync(fd);
  }
}

function unusable(found: string): ZtlError {
  return new ZtlError("kvm-unusable", `A test system call did not arrive on this host's KVM: ${found}.`, { found });
}
