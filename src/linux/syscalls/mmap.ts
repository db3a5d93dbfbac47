import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { InodeFile, PathFile } from "../files/inode-file.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import { pageCeil } from "../memory/page-math.ts";
import { SharedPages } from "../memory/shared-pages.ts";
import { mappedFile, Protection, type Vma } from "../memory/vma.ts";
import { FileType, type Inode, isZeroDevice, MemoryFile, Seal } from "../vfs/index.ts";
import type { Call } from "./call.ts";
import { hasRoom } from "./memory-room.ts";

/** mmap flags (asm-generic/mman-common.h, asm-generic/mman.h). */
const MapFlag = {
  typeMask: 0xf,
  shared: 1,
  private: 2,
  sharedValidate: 3,
  fixed: 0x10,
  anonymous: 0x20,
  growsDown: 0x100,
  locked: 0x2000,
  noReserve: 0x4000,
  populate: 0x8000,
  nonBlock: 0x10000,
  stack: 0x20000,
  fixedNoReplace: 0x100000,
} as const;
/**
 * Flags that MAP_SHARED_VALIDATE lets pass: those that are older than it (LEGACY_MAP_MASK, linux/mman.h), which are the ones
 * above but the last, MAP_32BIT, MAP_ABOVE4G, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_HUGETLB and the sizes of huge pages.
 */
const FLAGS_VALIDATED = 0x7c07_f9f3;
/** The end of the longest file there can be (MAX_LFS_FILESIZE, linux/fs.h). */
const FILE_END_MAX = 2 ** 63;

export const PROTECTION_BITS = Protection.read | Protection.write | Protection.execute;
/** End of the addresses a process may name (47 bits). */
export const ADDRESS_LIMIT = 0x7fff_ffff_f000;
/** What Linux calls the memory behind a shared mapping without a file (mm/shmem.c). */
const SHARED_MEMORY_NAME = "/dev/zero (deleted)";

export function checkedEnd(start: number, length: number): number {
  if (start % PAGE_SIZE !== 0) fail("EINVAL");
  const end = start + pageCeil(length);
  return end > ADDRESS_LIMIT ? fail("ENOMEM") : end;
}

export function mmap(call: Call): number {
  const length = pageCeil(call.unsigned(1));
  const flags = call.uint(3);
  const { memory } = call.process;
  if (length === 0) fail("EINVAL");
  if (length > ADDRESS_LIMIT) fail("ENOMEM");
  const type = flags & MapFlag.typeMask;
  if (type !== MapFlag.shared && type !== MapFlag.private && type !== MapFlag.sharedValidate) fail("EINVAL");
  if (type === MapFlag.sharedValidate && (flags & MapFlag.anonymous) !== 0) fail("EINVAL");
  const source = (flags & MapFlag.anonymous) !== 0 ? undefined : mappableFile(call);
  const start = chooseAddress(call, length, flags);
  // Before a file's pages become shared ones for a mapping that is then not made.
  memory.checkRoom(start, start + length);
  const lock = memory.futureLock ?? ((flags & MapFlag.locked) !== 0 ? "at-once" : undefined);
  const place = {
    start,
    end: start + length,
    protection: call.uint(2) & PROTECTION_BITS,
    lazy: (flags & (MapFlag.noReserve | MapFlag.stack | MapFlag.growsDown)) !== 0,
    lock,
  };
  const isShared = type !== MapFlag.private;
  checkMemory(call, place, type !== MapFlag.private);
  const vma = source ? mappingOf(call, source, place, isShared) : anonymous(call, place, isShared);
  const isPopulated = (flags & (MapFlag.populate | MapFlag.nonBlock)) === MapFlag.populate;
  memory.map(vma, lock ? lock === "at-once" : isPopulated);
  return start;
}

/** ENOMEM for more than the process may have. */
function checkMemory(call: Call, { start, end, protection }: Vma, isShared: boolean): void {
  const rights = isShared ? protection & ~Protection.write : protection;
  if (!hasRoom(call, { protection: rights, bytes: end - start, replaces: { start, end } })) fail("ENOMEM");
}

function chooseAddress(call: Call, length: number, flags: number): number {
  const { memory } = call.process;
  const wanted = call.unsigned(0);
  if ((flags & (MapFlag.fixed | MapFlag.fixedNoReplace)) === 0) return memory.findRange(length, wanted);
  const end = checkedEnd(wanted, length);
  if ((flags & MapFlag.fixedNoReplace) !== 0 && memory.vmas.overlapping(wanted, end).length > 0) fail("EEXIST");
  return wanted;
}

/** The file behind the descriptor, if it can be mapped the way the call asks (mmap(2), "Errors"); undefined for /dev/zero. */
function mappableFile(call: Call): InodeFile | undefined {
  const file = call.process.files.get(call.int(4));
  if (call.unsigned(5) % PAGE_SIZE !== 0) fail("EINVAL");
  if (file instanceof PathFile) fail("EBADF");
  const isValidated = (call.uint(3) & MapFlag.typeMask) === MapFlag.sharedValidate;
  if (isValidated && (call.uint(3) & ~FLAGS_VALIDATED) !== 0) fail("EOPNOTSUPP");
  if (call.unsigned(5) + pageCeil(call.unsigned(1)) > FILE_END_MAX) fail("EOVERFLOW");
  const sharedWrite = (call.uint(3) & MapFlag.typeMask) !== MapFlag.private && (call.uint(2) & Protection.write) !== 0;
  const isWriteOnly = (file.flags & Open.accessMode) === Open.writeOnly;
  if (isWriteOnly || (sharedWrite && !isOpenForWriting(file))) fail("EACCES");
  if (!(file instanceof InodeFile)) return fail("ENODEV");
  const { inode } = file.location;
  if (sharedWrite && isSealed(inode)) fail("EPERM");
  if (isZeroDevice(inode)) return undefined;
  return inode.type === FileType.regular ? file : fail("ENODEV");
}

function isOpenForWriting({ flags }: OpenFile): boolean {
  return (flags & Open.accessMode) === Open.readWrite;
}

function isSealed(inode: Inode): boolean {
  return inode instanceof MemoryFile && (inode.seals & (Seal.write | Seal.futureWrite)) !== 0;
}

function anonymous({ kernel }: Call, place: Vma, isShared: boolean): Vma {
  if (!isShared) return place;
  const limitPages = (place.end - place.start) / PAGE_SIZE;
  const shared = { pages: new SharedPages(kernel.machine, { limitPages }), firstPage: 0 };
  return { ...place, shared, name: SHARED_MEMORY_NAME };
}

function mappingOf(call: Call, source: InodeFile, place: Vma, isShared: boolean): Vma {
  const { kernel } = call;
  const { inode } = source.location;
  const offset = call.unsigned(5);
  const vma: Vma = {
    ...place,
    file: { mapped: mappedFile(kernel.vfs, source.location), offset },
    neverWritable: isShared && (!isOpenForWriting(source) || isSealed(inode)),
  };
  // A file that cannot change looks the same shared or private.
  if (inode.readOnly || (!isShared && !inode.sharesPages)) return vma;
  const shown = { pages: kernel.sharedFilePages(inode), firstPage: offset / PAGE_SIZE };
  return isShared ? { ...vma, shared: shown } : { ...vma, origin: shown };
}
