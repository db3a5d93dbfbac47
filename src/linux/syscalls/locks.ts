import { Errno, fail } from "../errno.ts";
import { LockType, type RangeLock } from "../files/locks.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import type { Call } from "./call.ts";

/** struct flock (fcntl(2)): type, whence, start, length, pid. */
const FLOCK_BYTES = 32;
const Whence = { set: 0, current: 1, end: 2 } as const;

/** Reads the range of a struct flock: EINVAL, EOVERFLOW. */
function readLock(call: Call, file: OpenFile, isDescription: boolean): RangeLock & { readonly bytes: Buffer } {
  const bytes = call.memory.read(call.unsigned(2), FLOCK_BYTES);
  const type = bytes.readInt16LE(0);
  const whence = bytes.readInt16LE(2);
  const base =
    whence === Whence.set
      ? 0
      : whence === Whence.current
        ? file.position
        : whence === Whence.end
          ? file.stat().sizeBytes
          : fail("EINVAL");
  const length = Number(bytes.readBigInt64LE(16));
  let start = base + Number(bytes.readBigInt64LE(8));
  let end = length === 0 ? Number.POSITIVE_INFINITY : start + length - 1;
  if (length < 0) [start, end] = [start + length, start - 1];
  if (start < 0 || type < LockType.read || type > LockType.unlock) fail("EINVAL");
  if (isDescription && bytes.readInt32LE(24) !== 0) fail("EINVAL");
  return {
    owner: isDescription ? file : call.process.files,
    pid: isDescription ? -1 : call.process.pid,
    type,
    start,
    end,
    bytes,
  };
}

/** F_GETLK, F_OFD_GETLK: describes a lock that is in the way, or says that none is. */
export function getLock(call: Call, file: OpenFile, isDescription: boolean): number {
  const { bytes, ...wanted } = readLock(call, file, isDescription);
  if (wanted.type === LockType.unlock) fail("EINVAL");
  const held = call.kernel.openFiles.locks.of(file).conflict(wanted);
  bytes.writeInt16LE(held?.type ?? LockType.unlock, 0);
  if (held) {
    bytes.writeInt16LE(Whence.set, 2);
    bytes.writeBigInt64LE(BigInt(held.start), 8);
    bytes.writeBigInt64LE(held.end === Number.POSITIVE_INFINITY ? 0n : BigInt(held.end - held.start + 1), 16);
    bytes.writeInt32LE(held.pid, 24);
  }
  call.memory.write(call.unsigned(2), bytes);
  return 0;
}

/** F_SETLK and F_SETLKW, and their F_OFD_ kin. */
export function setLock(call: Call, file: OpenFile, isDescription: boolean, waits: boolean): number {
  const { bytes: _, ...wanted } = readLock(call, file, isDescription);
  const mode = file.flags & Open.accessMode;
  if (wanted.type === LockType.read && mode === Open.writeOnly) fail("EBADF");
  if (wanted.type === LockType.write && mode === Open.readOnly) fail("EBADF");
  const locks = call.kernel.openFiles.locks.of(file);
  const held = wanted.type === LockType.unlock ? undefined : locks.conflict(wanted);
  call.kernel.openFiles.locks.noteNotWaiting(wanted.owner);
  if (!held) {
    locks.set(wanted);
    return 0;
  }
  if (!waits) fail("EAGAIN");
  if (!isDescription) call.kernel.openFiles.locks.noteWaiting(wanted.owner, held.owner);
  const interrupted = (): number => {
    call.kernel.openFiles.locks.noteNotWaiting(wanted.owner);
    return -Errno.EINTR;
  };
  // Closing the file elsewhere may take the lock's ground away; the call then finds out when made again.
  return call.block(() => locks.conflict(wanted) === undefined, { interrupted });
}

/** flock operations (asm-generic/fcntl.h). */
const Flock = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;

export function flock(call: Call): number {
  const operation = call.int(1) & ~Flock.nonBlocking;
  if (operation !== Flock.shared && operation !== Flock.exclusive && operation !== Flock.unlock) fail("EINVAL");
  const file = call.process.files.get(call.int(0));
  const locks = call.kernel.openFiles.locks.of(file);
  if (operation === Flock.unlock) {
    locks.releaseWhole(file);
    return 0;
  }
  const kind = operation === Flock.shared ? "shared" : "exclusive";
  if (locks.lockWhole(file, kind)) return 0;
  if ((call.int(1) & Flock.nonBlocking) !== 0) fail("EAGAIN");
  return call.block(() => locks.isWholeFree(file, kind));
}
