import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import { FILE_TYPE_MASK, FileEvent, FileType, type Location } from "../vfs/index.ts";
import { attributeCalls } from "./attributes.ts";
import type { Call, SyscallTable } from "./call.ts";
import { directoryCalls } from "./directories.ts";
import { checkFileSize } from "./file-size.ts";
import { openCalls } from "./open.ts";
import { partial } from "./standing.ts";
import { At, locate, locateFromCwd, statCalls } from "./stat.ts";

/** A path argument and where it starts. */
type PathOf = (call: Call) => readonly [base: Location, path: string];

/** The path in one argument, from the current directory. */
function fromCwd(index: number): PathOf {
  return (call) => [call.process.fs.cwd, call.path(index)];
}

/** A directory descriptor in one argument, the path in the next. */
function fromDescriptor(index: number): PathOf {
  return (call) => {
    const path = call.path(index + 1);
    return [call.directory(index, path), path];
  };
}

function readlink(call: Call, location: Location, bufferIndex: number): number {
  const sizeBytes = call.int(bufferIndex + 1);
  if (sizeBytes <= 0) fail("EINVAL");
  const target = call.kernel.vfs.readlink(location).slice(0, sizeBytes);
  call.memory.write(call.unsigned(bufferIndex), Buffer.from(target, "latin1"));
  return target.length;
}

function mkdir(call: Call, where: PathOf, mode: number): number {
  call.kernel.vfs.mkdir(...where(call), mode & ~call.process.fs.umask, call.process.credentials);
  return 0;
}

function mknod(call: Call, where: PathOf, mode: number, device: number): number {
  const type = mode & FILE_TYPE_MASK;
  const permissions = mode & 0o7777 & ~call.process.fs.umask;
  if (type === FileType.directory) fail("EPERM");
  if (type === FileType.symlink || (type !== 0 && !Object.values<number>(FileType).includes(type))) fail("EINVAL");
  const made = type === 0 ? FileType.regular : type;
  call.kernel.vfs.mknod(...where(call), made, permissions, device, call.process.credentials);
  return 0;
}

function unlink(call: Call, where: PathOf): number {
  call.kernel.vfs.unlink(...where(call), call.process.credentials);
  return 0;
}

function rmdir(call: Call, where: PathOf): number {
  call.kernel.vfs.rmdir(...where(call), call.process.credentials);
  return 0;
}

function rename(call: Call, from: PathOf, to: PathOf, flags: number): number {
  call.kernel.vfs.rename(...from(call), ...to(call), flags, call.process.credentials);
  return 0;
}

function link(call: Call, source: Location, to: PathOf): number {
  call.kernel.vfs.link(source, ...to(call), call.process.credentials);
  return 0;
}

function linkat(call: Call): number {
  const flags = call.int(4);
  if ((flags & ~(At.symlinkFollow | At.emptyPath)) !== 0) fail("EINVAL");
  const follow = (flags & At.symlinkFollow) === 0 ? At.symlinkNoFollow : 0;
  const source = locate(call, 0, call.path(1), follow | (flags & At.emptyPath));
  return link(call, source, fromDescriptor(2));
}

function symlink(call: Call, target: string, where: PathOf): number {
  call.kernel.vfs.symlink(target, ...where(call), call.process.credentials);
  return 0;
}

/** A length or offset: EINVAL when negative. */
function nonNegative(value: number): number {
  return value < 0 ? fail("EINVAL") : value;
}

function ftruncate(call: Call): number {
  const sizeBytes = nonNegative(call.signed(1));
  const opened = call.process.files.get(call.int(0));
  const inode = opened.location?.inode;
  if ((opened.flags & Open.accessMode) === Open.readOnly || inode?.type !== FileType.regular) return fail("EINVAL");
  checkFileSize(call, sizeBytes);
  inode.truncate(sizeBytes);
  if (opened.location !== undefined) call.kernel.vfs.observer?.happened(FileEvent.modify, opened.location);
  return 0;
}

/** fallocate(2) modes (linux/falloc.h). */
const FALLOC_KEEP_SIZE = 1;
const FALLOC_PUNCH_HOLE = 2;
const FALLOC_ZERO_RANGE = 16;

function fallocate(call: Call): number {
  const mode = call.int(1);
  const offset = nonNegative(call.signed(2));
  const length = call.signed(3);
  if (length <= 0) fail("EINVAL");
  const opened = call.process.files.get(call.int(0));
  if ((opened.flags & Open.accessMode) === Open.readOnly) fail("EBADF");
  const inode = opened.location?.inode;
  if (inode === undefined || inode.type === FileType.fifo) return fail("ESPIPE");
  if (inode.type !== FileType.regular) return fail("ENODEV");
  if ((mode & ~(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE)) !== 0) fail("EOPNOTSUPP");
  const isPunch = (mode & FALLOC_PUNCH_HOLE) !== 0;
  if (isPunch && mode !== (FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE)) fail("EOPNOTSUPP");
  const end = offset + length;
  if ((mode & FALLOC_KEEP_SIZE) === 0) checkFileSize(call, end);
  const sizeBytes = inode.stat().sizeBytes;
  if (isPunch || (mode & FALLOC_ZERO_RANGE) !== 0) {
    inode.clear(offset, end);
  }
  if ((mode & FALLOC_KEEP_SIZE) === 0 && end > sizeBytes) inode.truncate(end);
  return 0;
}

/** System calls that take paths, and those that do the same to a descriptor. */
export const pathCalls: SyscallTable = {
  ...openCalls,
  ...statCalls,
  ...attributeCalls,
  ...directoryCalls,
  readlink: (call) => readlink(call, locateFromCwd(call, call.path(0), false), 1),
  readlinkat: (call) => readlink(call, locate(call, 0, call.path(1), At.symlinkNoFollow | At.emptyPath), 2),
  mkdir: (call) => mkdir(call, fromCwd(0), call.uint(1)),
  mkdirat: (call) => mkdir(call, fromDescriptor(0), call.uint(2)),
  mknod: (call) => mknod(call, fromCwd(0), call.uint(1), call.uint(2)),
  mknodat: (call) => mknod(call, fromDescriptor(0), call.uint(2), call.uint(3)),
  unlink: (call) => unlink(call, fromCwd(0)),
  unlinkat(call) {
    const flags = call.int(2);
    if ((flags & ~At.removeDirectory) !== 0) fail("EINVAL");
    return flags === 0 ? unlink(call, fromDescriptor(0)) : rmdir(call, fromDescriptor(0));
  },
  rmdir: (call) => rmdir(call, fromCwd(0)),
  rename: (call) => rename(call, fromCwd(0), fromCwd(1), 0),
  renameat: (call) => rename(call, fromDescriptor(0), fromDescriptor(2), 0),
  renameat2: (call) => rename(call, fromDescriptor(0), fromDescriptor(2), call.uint(4)),
  link: (call) => link(call, locateFromCwd(call, call.path(0), false), fromCwd(1)),
  linkat,
  symlink: (call) => symlink(call, call.path(0), fromCwd(1)),
  symlinkat: (call) => symlink(call, call.path(0), fromDescriptor(1)),
  truncate(call) {
    const sizeBytes = nonNegative(call.signed(1));
    const location = locateFromCwd(call, call.path(0), true);
    checkFileSize(call, sizeBytes);
    call.kernel.vfs.truncate(location, sizeBytes, call.process.credentials);
    return 0;
  },
  ftruncate,
  fallocate: partial("allocate, punch and zero; EOPNOTSUPP for collapse and insert", fallocate),
};
