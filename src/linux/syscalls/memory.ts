import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { pageCeil } from "../memory/page-math.ts";
import { Protection, slice, type Vma } from "../memory/vma.ts";
import { addressRange } from "./address-range.ts";
import type { Call, SyscallTable } from "./call.ts";
import { madvise } from "./madvise.ts";
import { memfdCreate } from "./memfd.ts";
import { hasRoom } from "./memory-room.ts";
import { lockCalls } from "./mlock.ts";
import { ADDRESS_LIMIT, checkedEnd, mmap, PROTECTION_BITS } from "./mmap.ts";
import { partial } from "./standing.ts";

/** mremap flags (linux/mman.h). */
const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;
const MREMAP_DONTUNMAP = 4;
const MREMAP_ALL = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

function mremap(call: Call): number {
  const { memory } = call.process;
  const old = call.unsigned(0);
  const oldSize = pageCeil(call.unsigned(1));
  const newSize = pageCeil(call.unsigned(2));
  const flags = call.uint(3);
  if (old % PAGE_SIZE !== 0 || newSize === 0 || (flags & ~MREMAP_ALL) !== 0) fail("EINVAL");
  const target = call.unsigned(4);
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  const keepsSource = (flags & MREMAP_DONTUNMAP) !== 0;
  // What makes no sense is refused before it is looked at what is there.
  if (isFixed || keepsSource) checkMove(call, old, oldSize, newSize);
  const vma = memory.vmas.find(old) ?? fail("EFAULT");
  if (oldSize === 0) return duplicate(call, vma, old, newSize, flags);
  if (isFixed || keepsSource) {
    checkGrowth(call, vma, newSize, old, keepsSource ? 0 : oldSize);
    const place = isFixed ? target : memory.findRange(newSize, target);
    memory.move(old, oldSize, newSize, place, keepsSource);
    return place;
  }
  if (newSize > oldSize) checkGrowth(call, vma, newSize, old, oldSize);
  if (newSize <= oldSize) {
    memory.unmap(old + newSize, old + oldSize);
    return old;
  }
  if (old + oldSize > vma.end) fail("EFAULT");
  const roomAbove = old + oldSize === vma.end && memory.vmas.overlapping(vma.end, old + newSize).length === 0;
  if (roomAbove && checkedEnd(old, newSize) > 0 && memory.canGrow(vma, old + newSize)) {
    memory.grow(vma, old + newSize);
    return old;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) fail("ENOMEM");
  const place = memory.findRange(newSize);
  memory.move(old, oldSize, newSize, place);
  return place;
}

/** ENOMEM when the mapping may not be `bytes` long; `oldBytes` of it are given up for that. */
function checkGrowth(call: Call, vma: Vma, bytes: number, old: number, oldBytes: number): void {
  if (!hasRoom(call, { ...vma, bytes, replaces: { start: old, end: old + oldBytes } })) fail("ENOMEM");
}

/** Whether a move to an address of the caller's makes sense (mremap(2), "Errors"). */
function checkMove(call: Call, old: number, oldSize: number, newSize: number): void {
  const flags = call.uint(3);
  const target = call.unsigned(4);
  if (target % PAGE_SIZE !== 0 || target > ADDRESS_LIMIT - newSize) fail("EINVAL");
  if ((flags & MREMAP_MAYMOVE) === 0) fail("EINVAL");
  if ((flags & MREMAP_DONTUNMAP) !== 0 && oldSize !== newSize) fail("EINVAL");
  if (target < old + oldSize && old < target + newSize) fail("EINVAL");
}

/** An old size of 0 asks for a second view of shared memory (mremap(2), "Notes"). */
function duplicate(call: Call, vma: Vma, old: number, size: number, flags: number): number {
  const { memory } = call.process;
  if (!vma.shared) fail("EINVAL");
  if ((flags & MREMAP_MAYMOVE) === 0) fail("ENOMEM");
  checkGrowth(call, vma, size, old, 0);
  const target = (flags & MREMAP_FIXED) === 0 ? memory.findRange(size) : call.unsigned(4);
  memory.map({ ...slice(vma, old, old + size), start: target, end: target + size });
  return target;
}

/** mprotect flags (asm-generic/mman-common.h). */
const PROT_GROWSDOWN = 0x0100_0000;
const PROT_GROWSUP = 0x0200_0000;

/** Where the change of a stack's rights begins, when the call asks for all of it (mprotect(2), PROT_GROWSDOWN). */
function startOfStack(call: Call, start: number, end: number): number {
  const vma = call.process.memory.vmas.next(start);
  if (vma === undefined || vma.start >= end) return fail("ENOMEM");
  return vma.growsDown ? vma.start : fail("EINVAL");
}

/** msync flags (asm-generic/mman-common.h). */
const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

/** What is mapped is the file already: this only looks at whether the call makes sense. */
function msync(call: Call): number {
  const { start, end, isBeyondAddresses } = addressRange(call);
  const flags = call.int(2);
  if (start !== call.unsigned(0) || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) fail("EINVAL");
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) fail("EINVAL");
  if (isBeyondAddresses) fail("ENOMEM");
  const { vmas } = call.process.memory;
  if ((flags & MS_INVALIDATE) !== 0 && vmas.overlapping(start, end).some((vma) => vma.lock !== undefined))
    fail("EBUSY");
  return vmas.covers(start, end) ? 0 : fail("ENOMEM");
}

/** Pages mincore tells about at once: a page of answers, as in Linux (mm/mincore.c), however long the range is. */
const MINCORE_PIECE_PAGES = PAGE_SIZE;

function mincore(call: Call): number {
  const start = call.unsigned(0);
  const end = checkedEnd(start, call.unsigned(1));
  const { memory } = call.process;
  for (let piece = start; piece < end; piece += MINCORE_PIECE_PAGES * PAGE_SIZE) {
    call.kernel.allowance.work(MINCORE_PIECE_PAGES);
    const present = Buffer.alloc(Math.min((end - piece) / PAGE_SIZE, MINCORE_PIECE_PAGES));
    for (let i = 0; i < present.length; i++) {
      const address = piece + i * PAGE_SIZE;
      if (!memory.vmas.find(address)) fail("ENOMEM");
      present[i] = memory.tables.entry(address) === 0 ? 0 : 1;
    }
    call.memory.write(call.unsigned(2) + (piece - start) / PAGE_SIZE, present);
  }
  return 0;
}

const HEAP_RIGHTS = { protection: Protection.read | Protection.write };

/** The heap's new end, or the old one when it cannot be that (brk(2), "C library/kernel differences"). */
function brk(call: Call): number {
  const { memory } = call.process;
  const end = call.unsigned(0);
  const heap = { start: memory.heapStart, end: pageCeil(memory.heapEnd) };
  const isTooLong =
    end > heap.end && !hasRoom(call, { ...HEAP_RIGHTS, bytes: pageCeil(end) - heap.start, replaces: heap });
  return isTooLong ? memory.heapEnd : memory.setHeapEnd(end);
}

const ONE_NODE = "accepted; there is one memory node";

export const memoryCalls: SyscallTable = {
  mmap,
  memfd_create: memfdCreate,
  munmap(call) {
    const start = call.unsigned(0);
    const end = start + pageCeil(call.unsigned(1));
    if (call.unsigned(1) === 0 || start % PAGE_SIZE !== 0 || end > ADDRESS_LIMIT) fail("EINVAL");
    call.process.memory.unmap(start, end);
    return 0;
  },
  mprotect(call) {
    const rights = call.uint(2);
    // Nothing grows upwards on this architecture.
    if ((rights & PROT_GROWSUP) !== 0) fail("EINVAL");
    const start = call.unsigned(0);
    const end = checkedEnd(start, call.unsigned(1));
    if ((rights & ~(PROTECTION_BITS | PROT_GROWSDOWN)) !== 0) fail("EINVAL");
    if (end === start) return 0;
    const first = (rights & PROT_GROWSDOWN) !== 0 ? startOfStack(call, start, end) : start;
    call.process.memory.protect(first, end, rights & PROTECTION_BITS);
    return 0;
  },
  brk,
  mremap,
  madvise,
  mincore,
  msync,
  ...lockCalls,
  // One node, one CPU: there is nothing to place.
  mbind: partial(ONE_NODE, () => 0),
  set_mempolicy: partial(ONE_NODE, () => 0),
  get_mempolicy(call) {
    // MPOL_DEFAULT (linux/mempolicy.h), on node 0.
    if (call.unsigned(0) !== 0) call.memory.writeU32(call.unsigned(0), 0);
    return 0;
  },
  // With one virtual CPU every other thread has passed a barrier when this one runs.
  membarrier: partial("always passed: one processor", (call) => (call.int(0) === 0 ? 0x1ff : 0)),
};
