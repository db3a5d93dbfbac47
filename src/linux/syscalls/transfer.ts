import { BLOCKED } from "../blocked.ts";
import { Errno, fail } from "../errno.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import { BrokenPipe } from "../files/pipe.ts";
import { IOV_MAX, TRANSFER_MAX } from "../limits.ts";
import { Msg } from "../net/abi.ts";
import { Socket } from "../net/socket.ts";
import { send } from "../signals/delivery.ts";
import { SiCode, Signal } from "../signals/signals.ts";
import { FileEvent } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { fileSizeLimit, refuseFileSize } from "./file-size.ts";
import { readSocket, writeSocket } from "./socket-calls.ts";
import { deadlineIn } from "./timespec.ts";

/** One buffer of a transfer: user address and length. */
interface UserBuffer {
  readonly address: number;
  readonly length: number;
}

function readable(call: Call): OpenFile {
  const file = call.process.files.get(call.int(0));
  return (file.flags & Open.accessMode) === Open.writeOnly ? fail("EBADF") : file;
}

function writable(call: Call): OpenFile {
  const file = call.process.files.get(call.int(0));
  return (file.flags & Open.accessMode) === Open.readOnly ? fail("EBADF") : file;
}

/** The buffers of readv and writev (readv(2)): EINVAL for too many or too long in sum. */
export function vector(call: Call): UserBuffer[] {
  const count = call.int(2);
  if (count < 0 || count > IOV_MAX) fail("EINVAL");
  const raw = call.memory.read(call.unsigned(1), count * 16);
  const buffers: UserBuffer[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const length = Number(raw.readBigUInt64LE(16 * i + 8));
    total += length;
    if (total > Number.MAX_SAFE_INTEGER) fail("EINVAL");
    // What is moved at once is bounded in all, not only for each buffer: they may all be the same memory.
    const room = Math.max(TRANSFER_MAX - (total - length), 0);
    buffers.push({ address: Number(raw.readBigUInt64LE(16 * i)), length: Math.min(length, room) });
  }
  return buffers;
}

function single(call: Call): UserBuffer[] {
  return [{ address: call.unsigned(1), length: Math.min(call.unsigned(2), TRANSFER_MAX) }];
}

/** Moves bytes between a file and user memory until done, short, or nothing more is to be had. */
function transfer(
  call: Call,
  file: OpenFile,
  buffers: readonly UserBuffer[],
  writing: boolean,
  position?: number,
): number {
  if (file.movesRecords) return transferRecords(call, file, buffers, writing);
  let done = 0;
  let blocked = false;
  for (const { address, length } of buffers) {
    // A file keeps what it took before a buffer that cannot be reached, and the call says how much that was.
    if (done > 0 && file.seekable && !call.memory.reaches(address, length, !writing)) break;
    const moved = call.memory.visit(address, length, !writing, (piece) => {
      const at = position === undefined ? undefined : position + done;
      const count = writing ? file.write(piece, at) : file.read(piece, at);
      blocked = count === BLOCKED;
      if (blocked) return 0;
      done += count;
      return count;
    });
    if (moved < length) break;
  }
  if (done > 0) tellMoved(call, file, writing);
  if (done > 0 || !blocked) return done;
  if (file.nonBlocking) fail("EAGAIN");
  return BLOCKED;
}

export function tellMoved({ kernel }: Call, { location }: OpenFile, writing: boolean): void {
  if (location !== undefined) kernel.vfs.observer?.happened(writing ? FileEvent.modify : FileEvent.access, location);
}

/** Most bytes moved as records at once; the largest record is a struct signalfd_siginfo. */
const RECORDS_BYTES_MAX = 4096;

function transferRecords(call: Call, file: OpenFile, buffers: readonly UserBuffer[], writing: boolean): number {
  const [{ address, length }] = buffers.length > 0 ? buffers : [{ address: 0, length: 0 }];
  const size = Math.min(length, RECORDS_BYTES_MAX);
  const records = writing ? call.memory.read(address, size) : Buffer.alloc(size);
  const count = writing ? file.write(records) : file.read(records);
  if (count === BLOCKED) return file.nonBlocking ? fail("EAGAIN") : BLOCKED;
  if (!writing) call.memory.write(address, records.subarray(0, count));
  return count;
}

export function readInto(call: Call, buffers: readonly UserBuffer[], position?: number, flags = 0): number {
  const file = readable(call);
  if (file instanceof Socket) return readSocket(call, file, buffers, socketFlags(flags));
  // At the end of a file the buffer does not matter, and of one that is larger than the rest only so much.
  const left = file.bytesFrom(position);
  const count =
    left === 0 ? 0 : transfer(call, file, left === undefined ? buffers : first(buffers, left), false, position);
  return count === BLOCKED ? awaitBytes(call, file) : count;
}

function awaitBytes(call: Call, file: OpenFile): number {
  const ready = (): boolean => (file.poll() & ~4) !== 0;
  const timeoutMs = file.readTimeoutMs;
  if (timeoutMs === undefined) return call.block(ready);
  const deadlineMs = call.remember(() => deadlineIn(call, timeoutMs));
  return call.kernel.clock.nowMs() >= deadlineMs ? 0 : call.block(ready, { deadlineMs });
}

/** Writes all that is asked for: a blocking write to a pipe goes on until everything is taken (pipe(7)). */
export function writeFrom(call: Call, buffers: readonly UserBuffer[], position?: number, flags = 0): number {
  const file = writable(call);
  if (file instanceof Socket) return writeSocket(call, file, buffers, socketFlags(flags));
  const done = typeof call.memo === "number" ? call.memo : 0;
  const wanted = skip(buffers, done);
  const wants = wanted.reduce((sum, buffer) => sum + buffer.length, 0);
  if (!file.canTake(wants)) {
    if (file.nonBlocking || (flags & Rwf.noWait) !== 0) fail("EAGAIN");
    return blockWrite(call, file, wants, done);
  }
  const count = tryTransfer(call, file, limited(call, file, wanted, position), position, done);
  const sum = done + (count === BLOCKED ? 0 : count);
  if (sum >= done + wants || file.nonBlocking || (count !== BLOCKED && file.canTake(1))) return sum;
  return blockWrite(call, file, 1, sum);
}

/** Sleeps until there is room; a signal then leaves what was taken so far as the result. */
function blockWrite(call: Call, file: OpenFile, room: number, done: number): number {
  call.memo = done;
  const interrupted = (): number => (done > 0 ? done : -Errno.EINTR);
  return call.block(() => file.canTake(room), { restartable: done === 0, interrupted });
}

/** A pipe that loses its reader after it took a part: the part is the result, and SIGPIPE comes all the same. */
function tryTransfer(
  call: Call,
  file: OpenFile,
  buffers: readonly UserBuffer[],
  position: number | undefined,
  done: number,
): number {
  try {
    return transfer(call, file, buffers, true, position);
  } catch (error) {
    if (!(error instanceof BrokenPipe) || done === 0) throw error;
    send(call.process, { signal: Signal.SIGPIPE, code: SiCode.user, pid: call.process.pid }, call.task);
    return 0;
  }
}

/** Cuts a write short at the file size limit; at the limit itself it is SIGXFSZ and EFBIG (setrlimit(2)). */
function limited(call: Call, file: OpenFile, buffers: readonly UserBuffer[], position?: number): readonly UserBuffer[] {
  const limit = fileSizeLimit(call.process);
  if (limit === Number.POSITIVE_INFINITY || !file.seekable) return buffers;
  const append = (file.flags & Open.append) !== 0;
  let room = limit - (append ? file.stat().sizeBytes : (position ?? file.position));
  if (room <= 0 && buffers.some(({ length }) => length > 0)) refuseFileSize(call);
  return buffers.map(({ address, length }) => {
    const part = Math.min(length, room);
    room -= part;
    return { address, length: part };
  });
}

/** The first bytes of the buffers. */
function first(buffers: readonly UserBuffer[], bytes: number): readonly UserBuffer[] {
  let left = bytes;
  return buffers.flatMap(({ address, length }) => {
    const taken = Math.min(length, left);
    left -= taken;
    return taken > 0 ? [{ address, length: taken }] : [];
  });
}

function skip(buffers: readonly UserBuffer[], bytes: number): readonly UserBuffer[] {
  if (bytes === 0) return buffers;
  let left = bytes;
  return buffers.map(({ address, length }) => {
    const used = Math.min(left, length);
    left -= used;
    return { address: address + used, length: length - used };
  });
}

function checkedPosition(call: Call, file: OpenFile): number {
  const position = call.signed(3);
  if (position < 0) fail("EINVAL");
  return file.takesPosition ? position : fail("ESPIPE");
}

/** Flags of preadv2 and pwritev2 (linux/fs.h). */
const Rwf = { highPriority: 1, dataSync: 2, sync: 4, noWait: 8, append: 16 } as const;
const socketFlags = (flags: number): number => ((flags & Rwf.noWait) !== 0 ? Msg.dontWait : 0);
const RWF_READ = Rwf.highPriority | Rwf.noWait;
const RWF_WRITE = Rwf.highPriority | Rwf.dataSync | Rwf.sync | Rwf.noWait | Rwf.append;

function checkedFlags(call: Call, allowed: number): number {
  const flags = call.int(5);
  return (flags & ~allowed) === 0 ? flags : fail("EOPNOTSUPP");
}

/** Offset -1 stands for the file's own position. */
function offsetOrOwn(call: Call, file: OpenFile): number | undefined {
  return call.signed(3) === -1 ? undefined : checkedPosition(call, file);
}

function preadv2(call: Call): number {
  const flags = checkedFlags(call, RWF_READ);
  const file = readable(call);
  const position = offsetOrOwn(call, file);
  if ((flags & Rwf.noWait) !== 0 && (file.poll() & ~4) === 0) fail("EAGAIN");
  return readInto(call, vector(call), position, flags);
}

function pwritev2(call: Call): number {
  const flags = checkedFlags(call, RWF_WRITE);
  const file = writable(call);
  const position = offsetOrOwn(call, file);
  const atEnd = (flags & Rwf.append) !== 0 && file.seekable;
  const own = file.position;
  const count = writeFrom(call, vector(call), atEnd ? file.stat().sizeBytes : position, flags);
  if (atEnd && position === undefined && count > 0) file.position = own + count;
  return count;
}

export const transferCalls: SyscallTable = {
  read: (call) => readInto(call, single(call)),
  write: (call) => writeFrom(call, single(call)),
  readv: (call) => readInto(call, vector(call)),
  writev: (call) => writeFrom(call, vector(call)),
  pread64: (call) => readInto(call, single(call), checkedPosition(call, readable(call))),
  pwrite64: (call) => writeFrom(call, single(call), checkedPosition(call, writable(call))),
  preadv: (call) => readInto(call, vector(call), checkedPosition(call, readable(call))),
  pwritev: (call) => writeFrom(call, vector(call), checkedPosition(call, writable(call))),
  preadv2,
  pwritev2,
};
