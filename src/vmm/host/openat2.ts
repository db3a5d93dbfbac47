import koffi from "koffi";

/**
 * Opening host files beneath a root directory. Node has no `openat`, and a path handed to `open` would follow whatever
 * symbolic links the host (or a racing writer) put in the way, so the kernel itself is asked to refuse them.
 */

/** asm/unistd_64.h */
const SYS_GETDENTS64 = 217;
const SYS_OPENAT2 = 437;

/** linux/openat2.h */
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const RESOLVE = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
/** sizeof(struct open_how): three 64-bit fields `flags`, `mode`, `resolve`. */
const OPEN_HOW_BYTES = 24;

/** The kernel gives getdents64 at most what fits; 32 KiB is what glibc's readdir asks for. */
const DIRENT_BUFFER_BYTES = 32 * 1024;

const libc = koffi.load(null);
// `syscall` is variadic in C, but on x86-64 its fixed form is the same call: it moves registers and reads no va_list.
const openat2 = libc.func("syscall", "long", ["long", "int", "const uint8_t *", "const uint8_t *", "size_t"]);
const getdents64 = libc.func("syscall", "long", ["long", "int", "uint8_t *", "size_t"]);

const openHow = new BigUint64Array(OPEN_HOW_BYTES / 8);
openHow[2] = RESOLVE;
const openHowBytes = new Uint8Array(openHow.buffer);

/**
 * openat2(2): opens `relativePath` (bytes, no NUL) below the directory `rootFd`, following no symbolic link and never
 * leaving the root. `flags` are open(2)'s; O_PATH|O_NOFOLLOW opens a symbolic link itself. Returns a descriptor that the
 * caller closes, or a negative error number.
 */
export function openBeneath(rootFd: number, relativePath: Buffer, flags: number): number {
  const path = Buffer.alloc(relativePath.length + 1);
  relativePath.copy(path);
  openHow[0] = BigInt(flags);
  // SAFETY: both buffers outlive the synchronous call; `path` ends with NUL, `openHow` is a whole struct open_how and its
  // size is passed along; the kernel writes to neither.
  const result = openat2(SYS_OPENAT2, rootFd, path, openHowBytes, OPEN_HOW_BYTES) as number;
  return result < 0 ? -koffi.errno() : result;
}

export interface HostDirectoryEntry {
  readonly name: Buffer;
  readonly ino: number;
  /** DT_* of dirent.h: the type bits of `st_mode` shifted right by 12; 0 when the file system does not tell. */
  readonly type: number;
}

/** getdents64(2): the rest of the open directory `fd` without "." and "..", or a negative error number. */
export function readDirectory(fd: number): HostDirectoryEntry[] | number {
  const entries: HostDirectoryEntry[] = [];
  const buffer = Buffer.alloc(DIRENT_BUFFER_BYTES);
  for (;;) {
    // SAFETY: the kernel writes at most `buffer.length` bytes into `buffer`, which outlives the synchronous call.
    const bytes = getdents64(SYS_GETDENTS64, fd, buffer, buffer.length) as number;
    if (bytes < 0) return -koffi.errno();
    if (bytes === 0) return entries;
    parseEntries(buffer.subarray(0, bytes), entries);
  }
}

/** struct linux_dirent64: ino u64, off s64, reclen u16, type u8, name (NUL-terminated, padded). */
function parseEntries(buffer: Buffer, into: HostDirectoryEntry[]): void {
  for (let at = 0; at < buffer.length; ) {
    const recordBytes = buffer.readUInt16LE(at + 16);
    const name = Buffer.from(buffer.subarray(at + 19, buffer.indexOf(0, at + 19)));
    if (!isDotOrDotDot(name)) {
      into.push({ name, ino: Number(buffer.readBigUInt64LE(at)), type: buffer[at + 18] });
    }
    at += recordBytes;
  }
}

function isDotOrDotDot(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
