import koffi from "koffi";
import { ZtlError } from "../../errors.ts";

/** Longest list of names, and longest value (XATTR_LIST_MAX, XATTR_SIZE_MAX, linux/limits.h). */
const ATTRIBUTE_BYTES_MAX = 65_536;
/** For one list or value at a time; nothing waits between filling and using it. */
const scratch = Buffer.alloc(ATTRIBUTE_BYTES_MAX);
/** Errors by number (asm-generic/errno.h). */
const EPERM = 1;
const EACCES = 13;
const ENODATA = 61;
const EOPNOTSUPP = 95;

/**
 * Attributes that say who may do what with a file, beside what its owner noted: they outlive a change of content. Those that vouch for
 * a content, or give rights to whoever runs it (security.capability, security.ima, security.SMACK64EXEC), do not.
 */
const KEPT: ReadonlySet<string> = new Set(["system.posix_acl_access", "security.selinux", "security.SMACK64"]);
const NOTED = "user.";
/** How the system says that this user may not set one (a security module: EACCES), or that the file system does not know it. */
const LEFT_OUT: ReadonlySet<number> = new Set([EPERM, EACCES, EOPNOTSUPP]);

const libc = koffi.load("libc.so.6");
// SAFETY: the declarations repeat the prototypes of listxattr(2), getxattr(2) and setxattr(2). The callees read strings that end
// with a null, write at most `size` bytes, and keep no pointer after the call.
const llistxattr = libc.func("long llistxattr(void* path, void* list, size_t size)") as (
  path: Uint8Array,
  list: Uint8Array,
  size: number,
) => number;
const lgetxattr = libc.func("long lgetxattr(void* path, void* name, void* value, size_t size)") as (
  path: Uint8Array,
  name: Uint8Array,
  value: Uint8Array,
  size: number,
) => number;
const fsetxattr = libc.func("int fsetxattr(int fd, void* name, void* value, size_t size, int flags)") as (
  fd: number,
  name: Uint8Array,
  value: Uint8Array,
  size: number,
  flags: number,
) => number;

/**
 * Gives an open file the extended attributes of the file at a path, which is not followed: access control lists, labels and
 * what users noted (xattr(7)). What this user may not set, or this file system does not know, is left out.
 * Throws ZtlError `attributes-not-kept` for anything else.
 */
export function copyAttributes(path: string | Buffer, target: number): void {
  const from = terminated(Buffer.from(path));
  for (const name of namesOf(from)) {
    const value = readValue(from, name);
    if (value === undefined) continue;
    if (fsetxattr(target, terminated(name), value, value.length, 0) === 0) continue;
    const errno = koffi.errno();
    if (!LEFT_OUT.has(errno)) throw failure(JSON.stringify(name.toString("utf8")), errno);
  }
}

function namesOf(path: Uint8Array): Buffer[] {
  const bytes = llistxattr(path, scratch, scratch.length);
  if (bytes < 0) {
    if (koffi.errno() === EOPNOTSUPP) return [];
    throw failure("the list", koffi.errno());
  }
  const names: Buffer[] = [];
  for (let at = 0; at < bytes; ) {
    const end = scratch.indexOf(0, at);
    const name = scratch.subarray(at, end);
    if (isKept(name.toString("utf8"))) names.push(Buffer.from(name));
    at = end + 1;
  }
  return names;
}

function isKept(name: string): boolean {
  return name.startsWith(NOTED) || KEPT.has(name);
}

/** Undefined when it has gone meanwhile. */
function readValue(path: Uint8Array, name: Buffer): Uint8Array | undefined {
  const bytes = lgetxattr(path, terminated(name), scratch, scratch.length);
  if (bytes >= 0) return scratch.subarray(0, bytes);
  const errno = koffi.errno();
  if (errno === ENODATA || errno === EPERM || errno === EOPNOTSUPP) return undefined;
  throw failure(JSON.stringify(name.toString("utf8")), errno);
}

function terminated(text: Buffer): Buffer {
  return Buffer.concat([text, Buffer.alloc(1)]);
}

function failure(what: string, errno: number): ZtlError {
  return new ZtlError(
    "attributes-not-kept",
    `An extended attribute of a file could not be kept: ${what} (errno ${errno}).`,
    {
      remedy: "Look at the free space and the quota of the file system, or leave this file out.",
    },
  );
}
