import { fail } from "../errno.ts";
import { DirectoryFile } from "../files/inode-file.ts";
import { PATH_MAX } from "../limits.ts";
import { Access, type DirectoryEntry, FileEvent, FileType, type Location } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { refused } from "./standing.ts";
import { locateFromCwd } from "./stat.ts";

/** The listing an open directory goes through, taken anew when it is read from the start (readdir(3), rewinddir(3)). */
function listing(call: Call, file: DirectoryFile, directory: Location): readonly DirectoryEntry[] {
  if (file.listing.length > 0 && file.position > 0) return file.listing;
  const up = (directory.parent ?? directory).inode;
  const entries = [
    { name: ".", ino: directory.inode.stat().ino, type: FileType.directory },
    { name: "..", ino: up.stat().ino, type: FileType.directory },
    ...call.kernel.vfs.list(directory),
  ];
  call.kernel.allowance.work(entries.length);
  file.listing = entries;
  return entries;
}

/** Writes one record; returns its length, or 0 when it does not fit. */
type WriteRecord = (buffer: Buffer, at: number, entry: DirectoryEntry, next: number) => number;

/** struct linux_dirent64 (getdents(2)): ino 8, off 8, reclen 2, type 1, name and null, padded to 8. */
const writeRecord64: WriteRecord = (buffer, at, entry, next) => {
  const recordBytes = Math.ceil((19 + entry.name.length + 1) / 8) * 8;
  if (at + recordBytes > buffer.length) return 0;
  buffer.writeBigUInt64LE(BigInt(entry.ino), at);
  buffer.writeBigInt64LE(BigInt(next), at + 8);
  buffer.writeUInt16LE(recordBytes, at + 16);
  buffer.writeUInt8(entry.type >>> 12, at + 18);
  buffer.write(entry.name, at + 19, "latin1");
  return recordBytes;
};

/** struct linux_dirent: as above, but the type is the record's last byte. */
const writeRecord: WriteRecord = (buffer, at, entry, next) => {
  const recordBytes = Math.ceil((18 + entry.name.length + 2) / 8) * 8;
  if (at + recordBytes > buffer.length) return 0;
  buffer.writeBigUInt64LE(BigInt(entry.ino), at);
  buffer.writeBigInt64LE(BigInt(next), at + 8);
  buffer.writeUInt16LE(recordBytes, at + 16);
  buffer.write(entry.name, at + 18, "latin1");
  buffer.writeUInt8(entry.type >>> 12, at + recordBytes - 1);
  return recordBytes;
};

/** Most bytes given at once, whatever the buffer: what keeps one call short. */
const ANSWER_BYTES_MAX = 256 * 1024;

function readEntries(call: Call, write: WriteRecord): number {
  const file = call.process.files.get(call.int(0));
  const { location } = file;
  if (location?.inode.type !== FileType.directory) return fail("ENOTDIR");
  if (!(file instanceof DirectoryFile)) return fail("EBADF");
  if (location.isDeleted) return fail("ENOENT");
  const entries = listing(call, file, location);
  const buffer = Buffer.alloc(Math.min(call.uint(2), ANSWER_BYTES_MAX));
  let length = 0;
  let index = file.position;
  for (; index < entries.length; index++) {
    const recordBytes = write(buffer, length, entries[index], index + 1);
    if (recordBytes === 0) break;
    length += recordBytes;
  }
  if (length === 0 && index < entries.length) fail("EINVAL");
  call.memory.write(call.unsigned(1), buffer.subarray(0, length));
  file.position = index;
  if (index >= entries.length) call.kernel.annex.listed(call.process, call.int(0));
  call.kernel.vfs.observer?.happened(FileEvent.access, location);
  return length;
}

function changeTo(call: Call, location: Location): number {
  if (location.inode.type !== FileType.directory) fail("ENOTDIR");
  call.kernel.vfs.access(location, Access.execute, call.process.credentials);
  call.process.fs.cwd = location;
  return 0;
}

function getcwd(call: Call): number {
  const { cwd } = call.process.fs;
  if (cwd.isUnreachable) fail("ENOENT");
  const path = cwd.pathname();
  if (path.length + 1 > PATH_MAX) fail("ENAMETOOLONG");
  if (path.length + 1 > call.unsigned(1)) fail("ERANGE");
  call.memory.write(call.unsigned(0), Buffer.from(`${path}\0`, "latin1"));
  return path.length + 1;
}

export const directoryCalls: SyscallTable = {
  getdents64: (call) => readEntries(call, writeRecord64),
  getdents: (call) => readEntries(call, writeRecord),
  chdir: (call) => changeTo(call, locateFromCwd(call, call.path(0), true)),
  fchdir: (call) => changeTo(call, call.process.files.get(call.int(0)).location ?? fail("ENOTDIR")),
  getcwd,
  // A new root would have to be kept apart from the tree's own; no ordinary program needs it.
  chroot: refused("EPERM", "takes privileges on Linux"),
};
