import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { InodeFile } from "../files/inode-file.ts";
import { Open } from "../files/open-file.ts";
import { pageCeil, pageFloor } from "../memory/page-math.ts";
import { SharedPages } from "../memory/shared-pages.ts";
import { mappedFile, Protection, slice, type Vma } from "../memory/vma.ts";
import { FileType, type Inode } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";

/** mmap flags (asm-generic/mman-common.h, asm-generic/mman.h). */
const MapFlag = {
  typeMask: 0xf,
  shared: 1,
  private: 2,
  sharedValidate: 3,
  fixed: 0x10,
  anonymous: 0x20,
  growsDown: 0x100,
  noReserve: 0x4000,
  populate: 0x8000,
  stack: 0x20000,
  fixedNoReplace: 0x100000,
} as const;

const REMAP_MAY_MOVE = 1;
const REMAP_FIXED = 2;
const PROTECTION_BITS = Protection.read | Protection.write | Protection.execute;
/** End of the addresses a process may name (47 bits). */
const ADDRESS_LIMIT = 0x7fff_ffff_f000;

function checkedEnd(start: number, length: number): number {
  if (start % PAGE_SIZE !== 0) fail("EINVAL");
  const end = start + pageCeil(length);
  return end > ADDRESS_LIMIT ? fail("ENOMEM") : end;
}

function mmap(call: Call): number {
  const length = pageCeil(call.unsigned(1));
  const flags = call.uint(3);
  const { memory } = call.process;
  if (length === 0) fail("EINVAL");
  if (length > ADDRESS_LIMIT) fail("ENOMEM");
  const type = flags & MapFlag.typeMask;
  if (type !== MapFlag.shared && type !== MapFlag.private && type !== MapFlag.sharedValidate) fail("EINVAL");
  const source = (flags & MapFlag.anonymous) !== 0 ? undefined : mappableFile(call);
  const start = chooseAddress(call, length, flags);
  // Before a file's pages become shared ones for a mapping that is then not made.
  memory.checkRoom(start, start + length);
  const vma: Vma = {
    start,
    end: start + length,
    protection: call.uint(2) & PROTECTION_BITS,
    lazy: (flags & (MapFlag.noReserve | MapFlag.stack | MapFlag.growsDown)) !== 0,
    neverWritable:
      source !== undefined && type !== MapFlag.private && (source.flags & Open.accessMode) !== Open.readWrite,
    file: source && { mapped: mappedFile(call.kernel.vfs, source.location), offset: call.unsigned(5) },
  };
  const mapping = type === MapFlag.private ? vma : shareMapping(call, vma, source?.location.inode);
  // Held meanwhile, so that the pages of a mapping that is refused go again.
  mapping.shared?.pages.retain();
  try {
    memory.map(mapping, (flags & MapFlag.populate) !== 0);
  } catch (error) {
    source?.location.inode.release();
    throw error;
  } finally {
    mapping.shared?.pages.release();
  }
  return start;
}

function chooseAddress(call: Call, length: number, flags: number): number {
  const { memory } = call.process;
  const wanted = call.unsigned(0);
  if ((flags & (MapFlag.fixed | MapFlag.fixedNoReplace)) === 0) return memory.findRange(length, wanted);
  const end = checkedEnd(wanted, length);
  if ((flags & MapFlag.fixedNoReplace) !== 0 && memory.vmas.overlapping(wanted, end).length > 0) fail("EEXIST");
  return wanted;
}

/** The file behind the descriptor, if it can be mapped the way the call asks (mmap(2), "Errors"). */
function mappableFile(call: Call): InodeFile {
  const file = call.process.files.get(call.int(4));
  if (call.unsigned(5) % PAGE_SIZE !== 0) fail("EINVAL");
  if (!(file instanceof InodeFile)) return fail("ENODEV");
  if (file.location.inode.type !== FileType.regular) fail("ENODEV");
  const mode = file.flags & Open.accessMode;
  const sharedWrite = (call.uint(3) & MapFlag.typeMask) !== MapFlag.private && (call.uint(2) & Protection.write) !== 0;
  if (mode === Open.writeOnly || (sharedWrite && mode !== Open.readWrite)) fail("EACCES");
  return file;
}

function shareMapping(call: Call, vma: Vma, inode: Inode | undefined): Vma {
  const { pages } = call.kernel.machine;
  if (!inode) return { ...vma, shared: { pages: new SharedPages(pages), firstPage: 0 } };
  // A file that cannot change looks the same shared or private.
  if (inode.readOnly) return vma;
  return {
    ...vma,
    shared: { pages: call.kernel.sharedFilePages(inode), firstPage: (vma.file?.offset ?? 0) / PAGE_SIZE },
  };
}

function mremap(call: Call): number {
  const { memory } = call.process;
  const old = call.unsigned(0);
  const oldSize = pageCeil(call.unsigned(1));
  const newSize = pageCeil(call.unsigned(2));
  const flags = call.uint(3);
  if (old % PAGE_SIZE !== 0 || newSize === 0 || (flags & ~(REMAP_MAY_MOVE | REMAP_FIXED)) !== 0) fail("EINVAL");
  const vma = memory.vmas.find(old) ?? fail("EFAULT");
  if (oldSize === 0) return duplicate(call, vma, old, newSize, flags);
  if ((flags & REMAP_FIXED) !== 0) {
    const target = call.unsigned(4);
    if ((flags & REMAP_MAY_MOVE) === 0 || target % PAGE_SIZE !== 0) fail("EINVAL");
    if (target < old + oldSize && old < target + newSize) fail("EINVAL");
    memory.move(old, oldSize, newSize, target);
    return target;
  }
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
  if ((flags & REMAP_MAY_MOVE) === 0) fail("ENOMEM");
  const target = memory.findRange(newSize);
  memory.move(old, oldSize, newSize, target);
  return target;
}

/** An old size of 0 asks for a second view of shared memory (mremap(2), "Notes"). */
function duplicate(call: Call, vma: Vma, old: number, size: number, flags: number): number {
  const { memory } = call.process;
  if (!vma.shared || (flags & REMAP_MAY_MOVE) === 0 || vma.end < old + size) return fail("EINVAL");
  const target = (flags & REMAP_FIXED) === 0 ? memory.findRange(size) : call.unsigned(4);
  memory.map({ ...slice(vma, old, old + size), start: target, end: target + size });
  return target;
}

const Advice = {
  normal: 0,
  random: 1,
  sequential: 2,
  willNeed: 3,
  dontNeed: 4,
  free: 8,
  remove: 9,
  dontFork: 10,
  doFork: 11,
  wipeOnFork: 18,
  keepOnFork: 19,
  populateRead: 22,
  populateWrite: 23,
} as const;

function madvise(call: Call): number {
  const start = call.unsigned(0);
  const end = checkedEnd(start, call.unsigned(1));
  const { memory } = call.process;
  switch (call.int(2)) {
    // MADV_FREE may drop the pages at once (madvise(2)); doing so keeps secrets shorter.
    case Advice.dontNeed:
    case Advice.free:
      memory.discard(start, end);
      break;
    case Advice.dontFork:
      memory.setOnFork(start, end, "omit");
      break;
    case Advice.wipeOnFork:
      if (memory.vmas.overlapping(start, end).some((vma) => vma.file || vma.shared)) fail("EINVAL");
      memory.setOnFork(start, end, "wipe");
      break;
    case Advice.doFork:
    case Advice.keepOnFork:
      memory.setOnFork(start, end, undefined);
      break;
    case Advice.populateRead:
    case Advice.populateWrite:
      for (let page = start; page < end; page += PAGE_SIZE) {
        if (memory.translate(page, call.int(2) === Advice.populateWrite) < 0)
          fail(memory.vmas.find(page) ? "EFAULT" : "ENOMEM");
      }
      break;
    default:
      // The rest are hints; MADV_REMOVE punches holes, which no mapping here supports.
      if (call.int(2) === Advice.remove || call.int(2) < 0 || (call.int(2) > 4 && call.int(2) < 9) || call.int(2) > 25)
        fail("EINVAL");
  }
  return memory.vmas.covers(start, end) ? 0 : fail("ENOMEM");
}

/** For calls that only look at whether a range is there. */
function checkMapped(call: Call): number {
  const start = pageFloor(call.unsigned(0));
  const end = pageCeil(call.unsigned(0) + call.unsigned(1));
  return call.process.memory.vmas.covers(start, end) ? 0 : fail("ENOMEM");
}

/** msync flags (asm-generic/mman-common.h). */
const MS_ASYNC = 1;
const MS_SYNC = 4;
const MS_FLAGS = 7;

/** Pages mincore tells about at once: a page of answers, as in Linux (mm/mincore.c), however long the range is. */
const MINCORE_PIECE_PAGES = PAGE_SIZE;

function mincore(call: Call): number {
  const start = call.unsigned(0);
  const end = checkedEnd(start, call.unsigned(1));
  const { memory } = call.process;
  for (let piece = start; piece < end; piece += MINCORE_PIECE_PAGES * PAGE_SIZE) {
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

export const memoryCalls: SyscallTable = {
  mmap,
  munmap(call) {
    const start = call.unsigned(0);
    const end = start + pageCeil(call.unsigned(1));
    if (call.unsigned(1) === 0 || start % PAGE_SIZE !== 0 || end > ADDRESS_LIMIT) fail("EINVAL");
    call.process.memory.unmap(start, end);
    return 0;
  },
  mprotect(call) {
    const start = call.unsigned(0);
    const end = checkedEnd(start, call.unsigned(1));
    if ((call.uint(2) & ~(PROTECTION_BITS | 0x0300_0000)) !== 0) fail("EINVAL");
    if (end > start) call.process.memory.protect(start, end, call.uint(2) & PROTECTION_BITS);
    return 0;
  },
  brk: (call) => call.process.memory.setHeapEnd(call.unsigned(0)),
  mremap,
  madvise,
  mincore,
  msync(call) {
    const flags = call.int(2);
    if (call.unsigned(0) % PAGE_SIZE !== 0 || (flags & ~MS_FLAGS) !== 0) fail("EINVAL");
    if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) fail("EINVAL");
    return checkMapped(call);
  },
  // All guest memory stays in RAM anyway.
  mlock: checkMapped,
  mlock2: checkMapped,
  munlock: checkMapped,
  mlockall: () => 0,
  munlockall: () => 0,
  // One node, one CPU: there is nothing to place.
  mbind: () => 0,
  set_mempolicy: () => 0,
  get_mempolicy(call) {
    // MPOL_DEFAULT (linux/mempolicy.h), on node 0.
    if (call.unsigned(0) !== 0) call.memory.writeU32(call.unsigned(0), 0);
    return 0;
  },
  // With one virtual CPU every other thread has passed a barrier when this one runs.
  membarrier: (call) => (call.int(0) === 0 ? 0x1ff : 0),
};
