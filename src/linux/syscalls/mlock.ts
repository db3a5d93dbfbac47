import { fail } from "../errno.ts";
import { bringInLocked } from "../memory/locked.ts";
import type { MemoryLock } from "../memory/vma.ts";
import { addressRange } from "./address-range.ts";
import type { Call, SyscallTable } from "./call.ts";
import { ADDRESS_LIMIT } from "./mmap.ts";

/** mlock2 flag (asm-generic/mman-common.h). */
const MLOCK_ONFAULT = 1;
/** mlockall flags (asm-generic/mman.h). */
const MCL_CURRENT = 1;
const MCL_FUTURE = 2;
const MCL_ONFAULT = 4;

/**
 * mlock(2), and munlock(2) without a lock, up to the first hole. All guest memory stays in RAM anyway: what is locked is
 * there after the call, and cannot be thrown away by madvise(2).
 */
function setLock(call: Call, lock: MemoryLock | undefined): number {
  const { memory } = call.process;
  const { start, end, isBeyondAddresses } = addressRange(call);
  if (isBeyondAddresses) fail("EINVAL");
  const hole = memory.vmas.holeIn(start, end);
  memory.setFlags(start, hole, { lock });
  // Before a hole everything is locked, but nothing is brought in (mm/mlock.c, do_mlock).
  if (hole < end || !bringInLocked(memory, start, end)) fail("ENOMEM");
  return 0;
}

function mlock2(call: Call): number {
  const flags = call.uint(2);
  if ((flags & ~MLOCK_ONFAULT) !== 0) fail("EINVAL");
  return setLock(call, flags === MLOCK_ONFAULT ? "on-fault" : "at-once");
}

function mlockall(call: Call): number {
  const { memory } = call.process;
  const flags = call.int(0);
  if (flags === 0 || flags === MCL_ONFAULT || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0) fail("EINVAL");
  const lock = (flags & MCL_ONFAULT) !== 0 ? "on-fault" : "at-once";
  memory.futureLock = (flags & MCL_FUTURE) !== 0 ? lock : undefined;
  if ((flags & MCL_CURRENT) === 0) return 0;
  memory.setFlags(0, ADDRESS_LIMIT, { lock });
  // One mapping that cannot be brought in does not keep the others from it.
  for (const vma of memory.vmas.all) bringInLocked(memory, vma.start, vma.end);
  return 0;
}

export const lockCalls: SyscallTable = {
  mlock: (call) => setLock(call, "at-once"),
  mlock2,
  munlock: (call) => setLock(call, undefined),
  mlockall,
  munlockall(call) {
    call.process.memory.futureLock = undefined;
    call.process.memory.setFlags(0, ADDRESS_LIMIT, { lock: undefined });
    return 0;
  },
};
