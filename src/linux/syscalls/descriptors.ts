import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { DirectoryFile } from "../files/inode-file.ts";
import { Open, type OpenFile, SETTABLE_FLAGS } from "../files/open-file.ts";
import { PipeBuffer, PipeEnd, PipeReader, PipeWriter } from "../files/pipe.ts";
import { Socket } from "../net/socket.ts";
import { controlTerminal, TerminalFile } from "../terminal/index.ts";
import type { Inode } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { flock, getLock, setLock } from "./locks.ts";
import { addSeals, getSeals } from "./memfd.ts";
import { socketIoctl } from "./socket-ioctl.ts";
import { partial } from "./standing.ts";

/** fcntl commands (asm-generic/fcntl.h, linux/fcntl.h). */
const Fcntl = {
  dupFd: 0,
  getFd: 1,
  setFd: 2,
  getFl: 3,
  setFl: 4,
  getLk: 5,
  setLk: 6,
  setLkw: 7,
  setOwn: 8,
  getOwn: 9,
  ofdGetLk: 36,
  ofdSetLk: 37,
  ofdSetLkw: 38,
  getLease: 1025,
  dupFdCloexec: 1030,
  setPipeSize: 1031,
  getPipeSize: 1032,
  addSeals: 1033,
  getSeals: 1034,
} as const;
const F_UNLCK = 2;
/** Largest pipe anyone may ask for (fs.pipe-max-size, pipe(7)). */
const PIPE_BYTES_MAX = 1_048_576;

const Seek = { set: 0, current: 1, end: 2, data: 3, hole: 4 } as const;

function lseek(call: Call): number {
  const file = call.process.files.get(call.int(0));
  if (!file.takesPosition) fail("ESPIPE");
  if (call.uint(2) > Seek.hole) fail("EINVAL");
  if (!file.seekable) return 0;
  const target = seekTarget(file, call.signed(1), call.int(2));
  if (target < 0) fail("EINVAL");
  file.position = target;
  return target;
}

function seekTarget(file: OpenFile, offset: number, whence: number): number {
  switch (whence) {
    case Seek.set:
      return offset;
    case Seek.current:
      return file.position + offset;
    case Seek.end:
      return (file instanceof DirectoryFile ? 0 : file.stat().sizeBytes) + offset;
    case Seek.data:
      return inodeAt(file, offset).nextData(offset) ?? fail("ENXIO");
    case Seek.hole:
      return inodeAt(file, offset).nextHole(offset);
    default:
      return fail("EINVAL");
  }
}

/** A file whose holes are asked for, from a place inside it (lseek(2)); directories have none. */
function inodeAt(file: OpenFile, offset: number): Inode {
  if (file instanceof DirectoryFile) fail("EINVAL");
  if (offset < 0 || offset >= file.stat().sizeBytes) fail("ENXIO");
  return file.location?.inode ?? fail("EINVAL");
}

function duplicateFrom(call: Call, file: OpenFile, descriptor: number): number {
  const { files } = call.process;
  if (call.int(2) < 0 || call.int(2) >= files.limit) fail("EINVAL");
  const copy = files.install(file, call.int(1) === Fcntl.dupFdCloexec, call.int(2));
  call.kernel.annex.duplicated(call.process, descriptor, copy);
  return copy;
}

function fcntl(call: Call): number {
  const { files } = call.process;
  const descriptor = call.int(0);
  const file = files.get(descriptor);
  switch (call.int(1)) {
    case Fcntl.dupFd:
    case Fcntl.dupFdCloexec:
      return duplicateFrom(call, file, descriptor);
    case Fcntl.getFd:
      return files.closeOnExec(descriptor) ? 1 : 0;
    case Fcntl.setFd:
      files.setCloseOnExec(descriptor, (call.int(2) & 1) !== 0);
      return 0;
    case Fcntl.getFl:
      return shownFlags(file);
    case Fcntl.setFl:
      file.flags = (file.flags & ~SETTABLE_FLAGS) | (call.int(2) & SETTABLE_FLAGS);
      return 0;
    case Fcntl.getLk:
    case Fcntl.ofdGetLk:
      return getLock(call, file, call.int(1) === Fcntl.ofdGetLk);
    case Fcntl.setLk:
    case Fcntl.setLkw:
      return setLock(call, file, false, call.int(1) === Fcntl.setLkw);
    case Fcntl.ofdSetLk:
    case Fcntl.ofdSetLkw:
      return setLock(call, file, true, call.int(1) === Fcntl.ofdSetLkw);
    case Fcntl.setOwn:
      return 0;
    case Fcntl.getOwn:
      return 0;
    case Fcntl.getLease:
      return F_UNLCK;
    case Fcntl.setPipeSize:
      return resizePipe(call, pipeOf(file));
    case Fcntl.getPipeSize:
      return pipeOf(file).queue.capacity;
    case Fcntl.addSeals:
      return addSeals(call, file, call.uint(2));
    case Fcntl.getSeals:
      return getSeals(file);
    default:
      return fail("EINVAL");
  }
}

/** O_LARGEFILE, which every file opened by name has on a 64-bit Linux. */
const LARGE_FILE = 0o100000;

/** What F_GETFL tells. */
export function shownFlags(file: OpenFile): number {
  const flags = file.flags & ~(Open.closeOnExec | Open.create | Open.exclusive | Open.truncate);
  return file.location === undefined || (flags & Open.path) !== 0 ? flags : flags | LARGE_FILE;
}

function pipeOf(file: OpenFile): PipeBuffer {
  return file instanceof PipeEnd ? file.pipe : fail("EBADF");
}

/** F_SETPIPE_SZ: a power of two of at least a page; EPERM above the limit, EBUSY when it holds more already. */
function resizePipe(call: Call, { queue }: PipeBuffer): number {
  const wanted = call.uint(2);
  if (wanted > 2 ** 31) fail("EINVAL");
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(wanted, PAGE_SIZE)));
  if (capacity > PIPE_BYTES_MAX) fail("EPERM");
  if (capacity < queue.length) fail("EBUSY");
  queue.capacity = capacity;
  return capacity;
}

function makePipe(call: Call, flags: number): number {
  if ((flags & ~(Open.closeOnExec | Open.nonBlock | 0o40000)) !== 0) fail("EINVAL");
  const pipe = new PipeBuffer(call.process.credentials, call.kernel.allowance);
  const status = flags & Open.nonBlock;
  const ends = [new PipeReader(pipe, Open.readOnly | status), new PipeWriter(pipe, Open.writeOnly | status)] as const;
  return installPair(call, ends, (flags & Open.closeOnExec) !== 0, call.unsigned(0));
}

/** Gives both files descriptors and writes them to `address`, or leaves nothing behind: EMFILE, EFAULT. */
export function installPair(
  call: Call,
  [first, second]: readonly [OpenFile, OpenFile],
  closeOnExec: boolean,
  address: number,
): number {
  const { files } = call.process;
  const pair = Buffer.alloc(8);
  const installed: number[] = [];
  try {
    for (const file of [first, second]) installed.push(files.install(file, closeOnExec));
    pair.writeInt32LE(installed[0], 0);
    pair.writeInt32LE(installed[1], 4);
    call.memory.write(address, pair);
  } catch (error) {
    for (const descriptor of installed) files.close(descriptor);
    if (installed.length === 0) files.dispose(second);
    throw error;
  }
  return 0;
}

function duplicate(call: Call, flags: number): number {
  const from = call.int(0);
  const to = call.int(1);
  const { files } = call.process;
  const file = files.get(from);
  if (from !== to) files.place(to, file, (flags & Open.closeOnExec) !== 0);
  return to;
}

/** ioctl requests every file is asked (asm-generic/ioctls.h). */
const Ioctl = { fionbio: 0x5421, fionread: 0x541b, fionclex: 0x5450, fioclex: 0x5451 } as const;

function ioctl(call: Call): number {
  const { files } = call.process;
  const file = files.get(call.int(0));
  switch (call.uint(1)) {
    case Ioctl.fioclex:
    case Ioctl.fionclex:
      files.setCloseOnExec(call.int(0), call.uint(1) === Ioctl.fioclex);
      return 0;
    case Ioctl.fionbio:
      file.flags =
        call.memory.readI32(call.unsigned(2)) === 0 ? file.flags & ~Open.nonBlock : file.flags | Open.nonBlock;
      return 0;
    case Ioctl.fionread: {
      const bytes = file.readableBytes ?? (file.seekable ? file.stat().sizeBytes - file.position : fail("ENOTTY"));
      call.memory.writeU32(call.unsigned(2), bytes);
      return 0;
    }
    default:
      if (file instanceof Socket) return socketIoctl(call, file);
      return file instanceof TerminalFile ? controlTerminal(call, file) : fail("ENOTTY");
  }
}

function closeRange(call: Call): number {
  const first = call.uint(0);
  const last = call.uint(1);
  const flags = call.uint(2);
  if (first > last || (flags & ~6) !== 0) fail("EINVAL");
  const { files } = call.process;
  for (const [descriptor] of [...files.all()]) {
    if (descriptor < first || descriptor > last) continue;
    if ((flags & 4) !== 0) files.setCloseOnExec(descriptor, true);
    else files.close(descriptor);
  }
  return 0;
}

const NO_DISK = "nothing to do: what is written lies in memory";
const ADVICE = "advice, which changes nothing";

export const descriptorCalls: SyscallTable = {
  close(call) {
    call.process.files.close(call.int(0));
    return 0;
  },
  close_range: closeRange,
  lseek,
  fcntl: partial("no leases, no signals for input and output (F_SETSIG, F_SETOWN)", fcntl),
  ioctl: partial("of terminals, sockets and descriptors; ENOTTY for all others", ioctl),
  dup: (call) => call.process.files.install(call.process.files.get(call.int(0))),
  dup2: (call) => duplicate(call, 0),
  dup3(call) {
    if (call.int(0) === call.int(1) || (call.int(2) & ~Open.closeOnExec) !== 0) fail("EINVAL");
    return duplicate(call, call.int(2));
  },
  pipe: (call) => makePipe(call, 0),
  pipe2: (call) => makePipe(call, call.int(1)),
  flock,
  fsync: (call) => (call.process.files.get(call.int(0)).seekable ? 0 : fail("EINVAL")),
  fdatasync: (call) => (call.process.files.get(call.int(0)).seekable ? 0 : fail("EINVAL")),
  sync: partial(NO_DISK, () => 0),
  syncfs: partial(NO_DISK, (call) => {
    call.process.files.get(call.int(0));
    return 0;
  }),
  sync_file_range: partial(NO_DISK, (call) => {
    if (call.signed(1) < 0 || call.signed(2) < 0 || (call.uint(3) & ~7) !== 0) fail("EINVAL");
    return call.process.files.get(call.int(0)).seekable ? 0 : fail("ESPIPE");
  }),
  fadvise64: partial(ADVICE, (call) => (call.process.files.get(call.int(0)).takesPosition ? 0 : fail("ESPIPE"))),
  readahead: partial(ADVICE, (call) => {
    const { flags, seekable } = call.process.files.get(call.int(0));
    if ((flags & Open.accessMode) === Open.writeOnly) fail("EBADF");
    return seekable ? 0 : fail("EINVAL");
  }),
};
