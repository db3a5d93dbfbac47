import { fail } from "../errno.ts";
import type { OpenFile } from "../files/open-file.ts";
import type { Location, Mount, Stat } from "../vfs/index.ts";
import { BLOCK_BYTES, STAT_BYTES, splitTime, writeStat } from "../vfs/stat-record.ts";
import { AT_FDCWD, type Call, type SyscallTable } from "./call.ts";

/** linux/fcntl.h */
export const At = { symlinkNoFollow: 0x100, symlinkFollow: 0x400, removeDirectory: 0x200, emptyPath: 0x1000 } as const;
const AT_NO_AUTOMOUNT = 0x800;
const AT_STATX_SYNC_TYPE = 0x6000;

/** STATX_BASIC_STATS (linux/stat.h): all but the birth time. */
const STATX_BASIC_STATS = 0x7ff;
const STATX_RESERVED = 0x8000_0000;

/** Where a path leads from a directory descriptor, with the AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW rules. */
export function locate(call: Call, descriptorIndex: number, path: string, flags: number): Location {
  const { process, kernel } = call;
  if (path === "" && (flags & At.emptyPath) !== 0) {
    const descriptor = call.int(descriptorIndex);
    if (descriptor === AT_FDCWD) return process.fs.cwd;
    return process.files.get(descriptor).location ?? fail("EBADF");
  }
  const followLast = (flags & At.symlinkNoFollow) === 0;
  const base = call.directory(descriptorIndex, path);
  return kernel.vfs.resolve(base, path, { followLast, credentials: process.credentials });
}

/** A path of a system call without a directory descriptor. */
export function locateFromCwd(call: Call, path: string, followLast: boolean): Location {
  const { process, kernel } = call;
  return kernel.vfs.resolve(process.fs.cwd, path, { followLast, credentials: process.credentials });
}

/** stat of a path or, with AT_EMPTY_PATH, of any descriptor, pipes included. */
function statAt(call: Call, path: string, flags: number): Stat {
  if (path === "" && (flags & At.emptyPath) !== 0 && call.int(0) !== AT_FDCWD) {
    return call.process.files.get(call.int(0)).stat();
  }
  if (path === "") return locate(call, 0, path, flags).inode.stat();
  return look(call, call.directory(0, path), call.int(0), path, (flags & At.symlinkNoFollow) === 0);
}

/** The attributes behind a path, from the directory that this descriptor stands for. */
function look(call: Call, base: Location, descriptor: number, path: string, followLast: boolean): Stat {
  const { kernel, process } = call;
  const { location, isNamed } = kernel.vfs.look(base, path, { followLast, credentials: process.credentials });
  if (isNamed) kernel.annex.looked(process, descriptor, path, location);
  return location.inode.stat();
}

function lookFromCwd(call: Call, followLast: boolean): Stat {
  return look(call, call.process.fs.cwd, AT_FDCWD, call.path(0), followLast);
}

/** Parts of a device number (sysmacros.h). */
function major(dev: number): number {
  return (dev >>> 8) & 0xfff;
}
function minor(dev: number): number {
  return (dev & 0xff) | ((dev >>> 12) & 0xfff00);
}

/** struct statx (linux/stat.h): 256 bytes. */
function statxBytes(stat: Stat): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32LE(STATX_BASIC_STATS, 0);
  bytes.writeUInt32LE(BLOCK_BYTES, 4);
  bytes.writeUInt32LE(stat.nlink, 16);
  bytes.writeUInt32LE(stat.uid, 20);
  bytes.writeUInt32LE(stat.gid, 24);
  bytes.writeUInt16LE(stat.mode, 28);
  bytes.writeBigUInt64LE(BigInt(stat.ino), 32);
  bytes.writeBigUInt64LE(BigInt(stat.sizeBytes), 40);
  bytes.writeBigUInt64LE(BigInt(Math.ceil(stat.blocks)), 48);
  for (const [time, at] of [
    [stat.atimeNs, 64],
    [stat.ctimeNs, 96],
    [stat.mtimeNs, 112],
  ] as const) {
    const [seconds, nanoseconds] = splitTime(time);
    bytes.writeBigInt64LE(seconds, at);
    bytes.writeUInt32LE(nanoseconds, at + 8);
  }
  bytes.writeUInt32LE(major(stat.rdev), 128);
  bytes.writeUInt32LE(minor(stat.rdev), 132);
  bytes.writeUInt32LE(major(stat.dev), 136);
  bytes.writeUInt32LE(minor(stat.dev), 140);
  return bytes;
}

function statBytes(stat: Stat): Buffer {
  const bytes = Buffer.allocUnsafe(STAT_BYTES);
  writeStat(stat, new DataView(bytes.buffer, bytes.byteOffset, STAT_BYTES), 0);
  return bytes;
}

function put(call: Call, index: number, bytes: Buffer): number {
  call.memory.write(call.unsigned(index), bytes);
  return 0;
}

function statx(call: Call): number {
  const flags = call.int(2);
  const known = At.symlinkNoFollow | At.emptyPath | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
  const isBothSyncs = (flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE;
  if ((flags & ~known) !== 0 || isBothSyncs || (call.uint(3) & STATX_RESERVED) !== 0) fail("EINVAL");
  // Since Linux 6.11 a null path with AT_EMPTY_PATH means the descriptor itself; glibc uses that.
  const path = call.unsigned(1) === 0 && (flags & At.emptyPath) !== 0 ? "" : call.path(1);
  return put(call, 4, statxBytes(statAt(call, path, flags)));
}

/** File system magic numbers (linux/magic.h). */
const MAGIC: Readonly<Record<Mount["kind"], number>> = {
  ro: 0xef53,
  overlay: 0x794c7630,
  tmpfs: 0x01021994,
  root: 0x01021994,
  file: 0x01021994,
  symlink: 0x01021994,
  synthetic: 0x9fa0,
  anonymous: 0x50495045,
};
const ST_RDONLY = 1;

/** struct statfs (asm-generic/statfs.h): 120 bytes. Space is what the run's budget leaves. */
function statfsBytes(call: Call, mount: Mount | undefined): Buffer {
  const { budget } = call.kernel.vfs;
  const bytes = Buffer.alloc(120);
  const isWritable = mount?.kind === "overlay" || mount?.kind === "tmpfs";
  const total = Math.floor(budget.limitBytes / BLOCK_BYTES);
  const free = isWritable ? Math.floor((budget.limitBytes - budget.usedBytes) / BLOCK_BYTES) : 0;
  const freeFiles = isWritable ? budget.limitNames - budget.usedNames : 0;
  const fields = [MAGIC[mount?.kind ?? "anonymous"], BLOCK_BYTES, total, free, free, budget.limitNames, freeFiles];
  fields.forEach((value, i) => {
    bytes.writeBigInt64LE(BigInt(value), 8 * i);
  });
  bytes.writeBigInt64LE(255n, 64);
  bytes.writeBigInt64LE(BigInt(BLOCK_BYTES), 72);
  bytes.writeBigInt64LE(BigInt(mount?.readOnly === true ? ST_RDONLY : 0), 80);
  return bytes;
}

function file(call: Call): OpenFile {
  return call.process.files.get(call.int(0));
}

export const statCalls: SyscallTable = {
  stat: (call) => put(call, 1, statBytes(lookFromCwd(call, true))),
  lstat: (call) => put(call, 1, statBytes(lookFromCwd(call, false))),
  fstat: (call) => put(call, 1, statBytes(file(call).stat())),
  newfstatat(call) {
    const flags = call.int(3);
    if ((flags & ~(At.symlinkNoFollow | At.emptyPath | AT_NO_AUTOMOUNT)) !== 0) fail("EINVAL");
    const path = call.unsigned(1) === 0 && (flags & At.emptyPath) !== 0 ? "" : call.path(1);
    return put(call, 2, statBytes(statAt(call, path, flags)));
  },
  statx,
  statfs: (call) => put(call, 1, statfsBytes(call, locateFromCwd(call, call.path(0), true).mount)),
  fstatfs: (call) => put(call, 1, statfsBytes(call, file(call).location?.mount)),
};
