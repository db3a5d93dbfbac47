import type { Allowance } from "../allowance.ts";
import { Errno, fail } from "../errno.ts";
import { DirectoryFile, InodeFile, PathFile } from "../files/inode-file.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import { PipeBoth, PipeBuffer, PipeReader, PipeWriter } from "../files/pipe.ts";
import type { Kernel } from "../kernel.ts";
import { SlaveInode } from "../terminal/index.ts";
import { FileEvent, FileType, Inode, type Location, OpenFlag, type Stat, terminalDevice } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { refused } from "./standing.ts";

/** Every flag open(2) knows; openat2-style strictness is not open's, unknown ones are ignored. */
const KEPT_FLAGS = ~(Open.create | Open.exclusive | Open.truncate | Open.closeOnExec | Open.noFollow | Open.directory);

/** A file whose content is this description's alone, and is kept for it. */
class HeldFile extends InodeFile {
  readonly #allowance: Allowance;

  constructor(location: Location, flags: number, allowance: Allowance) {
    super(location, flags);
    this.#allowance = allowance;
    allowance.charge(location.inode.heldBytes);
  }

  protected override closed(): void {
    this.#allowance.refund(this.location.inode.heldBytes);
    super.closed();
  }
}

/** Stands for an open description without a name, so that /proc/self/fd/1 and /dev/stdout can lead to a pipe. */
export class DescriptionInode extends Inode {
  override readonly type: number;
  readonly file: OpenFile;

  constructor(file: OpenFile) {
    super();
    this.file = file;
    this.type = file.stat().mode & 0o170000;
  }

  override stat(): Stat {
    return this.file.stat();
  }
}

/** Where a descriptor's link in /proc/PID/fd leads. */
export function descriptionLocation(
  vfs: { anonymous(inode: Inode, text: string): Location },
  file: OpenFile,
): Location {
  return file.location ?? vfs.anonymous(new DescriptionInode(file), file.label);
}

/** The pipe behind each named one, while anything refers to the name. */
const namedPipes = new WeakMap<Inode, PipeBuffer>();

/** What a blocked open of a named pipe has already opened. */
class PendingPipe {
  readonly file: OpenFile;
  constructor(file: OpenFile) {
    this.file = file;
  }
}

function open(call: Call, base: Location, path: string, flags: number, mode: number): number {
  const { process, kernel } = call;
  const closeOnExec = (flags & Open.closeOnExec) !== 0;
  if (call.memo instanceof PendingPipe) return process.files.install(call.memo.file, closeOnExec);
  const permissions = mode & 0o7777 & ~process.fs.umask;
  // Asked first, as on Linux: a call that has no descriptor to give makes and cuts no file.
  process.files.lowestFree();
  const { location, created } = kernel.vfs.open(base, path, flags, permissions, process.credentials);
  const file = describe(kernel, location, flags);
  tellOpened(kernel, location, created ? flags & ~OpenFlag.truncate : flags);
  if (file instanceof PendingPipe) return waitForOtherEnd(call, file, location.inode);
  const descriptor = process.files.install(file, closeOnExec);
  kernel.annex.opened(process, descriptor, file);
  return descriptor;
}

function tellOpened({ vfs: { observer } }: Kernel, location: Location, flags: number): void {
  if (observer === undefined || (flags & OpenFlag.path) !== 0) return;
  observer.happened(FileEvent.open, location);
  const isEmptied = (flags & OpenFlag.truncate) !== 0 && location.inode.type === FileType.regular;
  if (isEmptied) observer.happened(FileEvent.modify, location);
}

/** The open description for a location; a named pipe whose other end is missing comes back as pending. */
function describe(kernel: Kernel, location: Location, flags: number): OpenFile | PendingPipe {
  const { inode } = location;
  const status = flags & KEPT_FLAGS;
  if ((flags & OpenFlag.path) !== 0) return new PathFile(location, status);
  // A socket is not opened by a name (unix(7)).
  if (inode.type === FileType.socket) return fail("ENXIO");
  if (inode instanceof DescriptionInode) return reopened(inode.file, status);
  switch (inode.type) {
    case FileType.directory:
      return new DirectoryFile(location, status, kernel.allowance);
    case FileType.fifo:
      return openNamedPipe(kernel, location, status);
    case FileType.characterDevice:
      return openDevice(kernel, location, status);
    default:
      return inode.heldBytes > 0 ? new HeldFile(location, status, kernel.allowance) : new InodeFile(location, status);
  }
}

function openDevice(kernel: Kernel, location: Location, flags: number): OpenFile {
  const { inode } = location;
  if (inode instanceof SlaveInode) return kernel.terminals.openSlave(inode, location, flags);
  const device = terminalDevice(inode);
  return device === undefined ? new InodeFile(location, flags) : kernel.terminals.openDevice(device, location, flags);
}

/** A pipe opened again through /proc/self/fd is another description of the same pipe. */
function reopened(file: OpenFile, flags: number): OpenFile {
  const pipe = "pipe" in file && file.pipe instanceof PipeBuffer ? file.pipe : undefined;
  if (pipe === undefined) return file;
  return pipeEnd(pipe, flags);
}

function pipeEnd(pipe: PipeBuffer, flags: number, location?: Location): OpenFile {
  switch (flags & Open.accessMode) {
    case Open.readOnly:
      return new PipeReader(pipe, flags, location);
    case Open.writeOnly:
      return new PipeWriter(pipe, flags, location);
    default:
      return new PipeBoth(pipe, flags, location);
  }
}

/** fifo(7): opening waits for the other end, unless non-blocking: then reading succeeds and writing is ENXIO. */
function openNamedPipe({ allowance }: Kernel, location: Location, flags: number): OpenFile | PendingPipe {
  let pipe = namedPipes.get(location.inode);
  if (pipe === undefined) {
    pipe = new PipeBuffer(location.inode.stat(), allowance);
    namedPipes.set(location.inode, pipe);
  }
  const access = flags & Open.accessMode;
  const isNonBlocking = (flags & Open.nonBlock) !== 0;
  if (access === Open.writeOnly && pipe.readers === 0 && isNonBlocking) fail("ENXIO");
  const file = pipeEnd(pipe, flags, location);
  const otherEnds = access === Open.readOnly ? pipe.writers : pipe.readers;
  return otherEnds > 0 || isNonBlocking || access >= Open.readWrite ? file : new PendingPipe(file);
}

function waitForOtherEnd(call: Call, pending: PendingPipe, inode: Inode): number {
  const pipe = namedPipes.get(inode);
  const isReader = (pending.file.flags & Open.accessMode) === Open.readOnly;
  const { files } = call.process;
  call.memo = pending;
  const abandoned = (): void => files.dispose(pending.file);
  const interrupted = (): number => {
    abandoned();
    return -Errno.EINTR;
  };
  const ready = (): boolean => (isReader ? (pipe?.writers ?? 1) > 0 : (pipe?.readers ?? 1) > 0);
  return call.block(ready, { interrupted, abandoned });
}

/** struct open_how in its first version (linux/openat2.h): flags, mode, resolve. */
const OPEN_HOW_BYTES = 24;
const OPEN_HOW_BYTES_MAX = 4096;
/** Flags openat2 knows; unlike open it refuses others. */
const KNOWN_FLAGS = 0o37777703;

/** openat2(2) without its path restrictions: for a call that asks for one, it does not exist, and callers fall back. */
function openat2(call: Call): number {
  const size = call.unsigned(3);
  if (size < OPEN_HOW_BYTES) fail("EINVAL");
  if (size > OPEN_HOW_BYTES_MAX) fail("E2BIG");
  const how = call.memory.read(call.unsigned(2), size);
  if (how.subarray(OPEN_HOW_BYTES).some((byte) => byte !== 0)) fail("E2BIG");
  const flags = Number(how.readBigUInt64LE(0));
  const mode = Number(how.readBigUInt64LE(8));
  if (flags > 0x7fff_ffff || (flags & ~KNOWN_FLAGS) !== 0 || mode > 0o7777) fail("EINVAL");
  if (mode !== 0 && (flags & (Open.create | OpenFlag.tmpfile)) === 0) fail("EINVAL");
  if (how.readBigUInt64LE(16) !== 0n) fail("ENOSYS");
  const path = call.path(1);
  return open(call, call.directory(0, path), path, flags, mode);
}

export const openCalls: SyscallTable = {
  open: (call) => open(call, call.process.fs.cwd, call.path(0), call.int(1), call.uint(2)),
  creat: (call) =>
    open(call, call.process.fs.cwd, call.path(0), Open.create | Open.writeOnly | Open.truncate, call.uint(1)),
  openat(call) {
    const path = call.path(1);
    return open(call, call.directory(0, path), path, call.int(2), call.uint(3));
  },
  openat2,
  // Handles outlive names; no file system here has them.
  name_to_handle_at: refused("EOPNOTSUPP", "files have no handles, as on an overlay without an index"),
  open_by_handle_at: refused("EPERM", "takes privileges on Linux"),
};
