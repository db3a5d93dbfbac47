import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { IpcControl, OBJECTS_MAX, Right, type Segment } from "../ipc/index.ts";
import { pageCeil } from "../memory/page-math.ts";
import { Protection, type Vma } from "../memory/vma.ts";
import type { Call, SyscallTable } from "./call.ts";
import { nowSeconds, ownersControl, request } from "./ipc-control.ts";
import { hasRoom } from "./memory-room.ts";
import { ADDRESS_LIMIT } from "./mmap.ts";

/** Flags of shmat (linux/shm.h). */
const Attach = { readOnly: 0o10000, round: 0o20000, remap: 0o40000, execute: 0o100000 } as const;
const Control = { lock: 11, unlock: 12, statAt: 13, usage: 14, statAnyAt: 15 } as const;

function shmget(call: Call): number {
  const { kernel } = call;
  const sizeBytes = call.unsigned(1);
  const fits = (segment: Segment): void => {
    if (sizeBytes > segment.sizeBytes) fail("EINVAL");
  };
  return kernel.ipc.sharedMemory.table.find(request(call, 2), fits, (birth) => {
    if (sizeBytes < 1) fail("EINVAL");
    if (sizeBytes > kernel.limits.memoryBytes) fail("ENOMEM");
    return kernel.ipc.sharedMemory.make(birth, sizeBytes);
  }).id;
}

function shmat(call: Call): number {
  const flags = call.int(2);
  const { memory, pid, identity } = call.process;
  const { sharedMemory } = call.kernel.ipc;
  const wanted = addressOf(call, flags);
  const segment = sharedMemory.table.get(call.int(0));
  const isReadOnly = (flags & Attach.readOnly) !== 0;
  segment.check(identity, isReadOnly ? Right.read : Right.read | Right.alter);
  const bytes = pageCeil(segment.sizeBytes);
  const start = wanted === 0 ? memory.findRange(bytes) : wanted;
  if (start + bytes > ADDRESS_LIMIT) fail("EINVAL");
  const isTaken = wanted !== 0 && memory.vmas.overlapping(start, start + bytes).length > 0;
  if (isTaken && (flags & Attach.remap) === 0) fail("EINVAL");
  const execute = (flags & Attach.execute) === 0 ? 0 : Protection.execute;
  const vma: Vma = {
    start,
    end: start + bytes,
    protection: Protection.read | (isReadOnly ? 0 : Protection.write) | execute,
    shared: { pages: segment.pages, firstPage: 0 },
    neverWritable: isReadOnly,
    name: segment.name,
  };
  const isWithinLimits = hasRoom(call, { ...vma, bytes, replaces: vma });
  if (!isWithinLimits) fail("ENOMEM");
  memory.map(vma);
  segment.lastPid = pid;
  segment.attachedSeconds = nowSeconds(call);
  return start;
}

/** Where the caller wants it; 0: anywhere. */
function addressOf(call: Call, flags: number): number {
  const address = call.unsigned(1);
  if (address === 0) return (flags & Attach.remap) === 0 ? 0 : fail("EINVAL");
  if (address % PAGE_SIZE === 0) return address;
  return (flags & Attach.round) === 0 ? fail("EINVAL") : address - (address % PAGE_SIZE);
}

function shmdt(call: Call): number {
  const { memory, pid } = call.process;
  const address = call.unsigned(0);
  const { sharedMemory } = call.kernel.ipc;
  const at = (vma: Vma): number => vma.start - (vma.shared?.firstPage ?? 0) * PAGE_SIZE;
  // A part of it may have been unmapped or given other rights: all that is left goes.
  const first = memory.vmas.all.find((vma) => at(vma) === address && sharedMemory.behind(vma) !== undefined);
  const segment = sharedMemory.behind(first) ?? fail("EINVAL");
  const parts = memory.vmas.all.filter((vma) => vma.shared?.pages === segment.pages && at(vma) === address);
  for (const { start, end } of parts) memory.unmap(start, end);
  segment.lastPid = pid;
  segment.detachedSeconds = nowSeconds(call);
  return 0;
}

function shmctl(call: Call): number {
  const { sharedMemory } = call.kernel.ipc;
  const { table } = sharedMemory;
  const operation = call.int(1);
  const address = call.unsigned(2);
  const done = ownersControl(call, operation, () => table.get(call.int(0)), {
    remove: (segment) => segment.isDoomed || segment.doom(),
    set: (segment) => segment.takePermission(call.memory.read(address, 48), nowSeconds(call)),
  });
  if (done !== undefined) return done;
  switch (operation) {
    case IpcControl.stat: {
      const segment = table.get(call.int(0));
      segment.check(call.process.identity, Right.read);
      call.memory.write(address, sharedMemory.statBytes(segment));
      return 0;
    }
    case Control.statAt:
    case Control.statAnyAt: {
      const segment = table.at(call.int(0));
      if (operation === Control.statAt) segment.check(call.process.identity, Right.read);
      call.memory.write(address, sharedMemory.statBytes(segment));
      return segment.id;
    }
    case Control.lock:
    case Control.unlock:
      table.get(call.int(0)).checkOwner(call.process.identity);
      return 0;
    case IpcControl.info:
      call.memory.write(address, limitsBytes(call));
      return table.highestPlace;
    case Control.usage:
      call.memory.write(address, usageBytes(call));
      return table.highestPlace;
    default:
      return fail("EINVAL");
  }
}

/** struct shminfo64 (asm-generic/shmbuf.h). */
function limitsBytes(call: Call): Buffer {
  const { memoryBytes } = call.kernel.limits;
  const bytes = Buffer.alloc(72);
  const values = [memoryBytes, 1, OBJECTS_MAX, OBJECTS_MAX, Math.floor(memoryBytes / PAGE_SIZE)];
  values.forEach((value, i) => bytes.writeBigUInt64LE(BigInt(value), 8 * i));
  return bytes;
}

/** struct shm_info (linux/shm.h). */
function usageBytes(call: Call): Buffer {
  const { all } = call.kernel.ipc.sharedMemory.table;
  const bytes = Buffer.alloc(48);
  bytes.writeInt32LE(all.length, 0);
  const total = all.reduce((sum, { sizeBytes }) => sum + pageCeil(sizeBytes) / PAGE_SIZE, 0);
  const present = all.reduce((sum, { pages }) => sum + [...pages.indexes].length, 0);
  bytes.writeBigUInt64LE(BigInt(total), 8);
  bytes.writeBigUInt64LE(BigInt(present), 16);
  return bytes;
}

export const sharedMemoryCalls: SyscallTable = { shmget, shmat, shmdt, shmctl };
