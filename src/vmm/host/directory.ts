import koffi from "koffi";
import { lastErrno } from "./libc.ts";

/** asm/unistd_64.h */
const SYS_GETDENTS64 = 217;
/** The kernel gives at most what fits; 32 KiB is what glibc's readdir asks for. */
const BUFFER_BYTES = 32 * 1024;

// `syscall` is variadic in C; on x86-64 an integer or pointer argument travels in the same register either way.
const getdents64 = koffi.load("libc.so.6").func("syscall", "long", ["long", "int", "void*", "size_t"]) as (
  number: number,
  fd: number,
  buffer: Uint8Array,
  length: number,
) => number;

export interface HostDirectoryEntry {
  readonly name: Buffer;
  readonly ino: number;
  /** DT_* of dirent.h: the type bits of `st_mode` shifted right by 12; 0 when the file system does not tell. */
  readonly type: number;
}

/**
 * The rest of the open directory `fd` without "." and ".." (getdents64(2)), or a negative errno. Node's readdir takes a
 * path, and tells no inode numbers. `onRead` is told of each part, how many entries it had, and may throw to end the reading.
 */
export function readDirectory(fd: number, onRead: (entries: number) => void = () => {}): HostDirectoryEntry[] | number {
  const entries: HostDirectoryEntry[] = [];
  const buffer = Buffer.alloc(BUFFER_BYTES);
  for (;;) {
    // SAFETY: the kernel writes at most `buffer.length` bytes into `buffer`, which outlives the synchronous call.
    const bytes = getdents64(SYS_GETDENTS64, fd, buffer, buffer.length);
    if (bytes < 0) return -lastErrno();
    if (bytes === 0) return entries;
    const before = entries.length;
    parseEntries(buffer.subarray(0, bytes), entries);
    onRead(entries.length - before);
  }
}

/** struct linux_dirent64: ino u64, off s64, reclen u16, type u8, name (NUL-terminated, padded). */
function parseEntries(buffer: Buffer, into: HostDirectoryEntry[]): void {
  for (let at = 0; at < buffer.length; ) {
    const recordBytes = buffer.readUInt16LE(at + 16);
    const name = Buffer.from(buffer.subarray(at + 19, buffer.indexOf(0, at + 19)));
    if (!isDotOrDotDot(name)) into.push({ name, ino: Number(buffer.readBigUInt64LE(at)), type: buffer[at + 18] });
    at += recordBytes;
  }
}

function isDotOrDotDot(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
