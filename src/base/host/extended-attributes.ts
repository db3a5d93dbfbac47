import koffi from "koffi";
import { ZtlError } from "../../errors.ts";

/** Longest list of names, and longest value (XATTR_LIST_MAX, XATTR_SIZE_MAX, linux/limits.h). */
const ATTRIBUTE_BYTES_MAX = 65_536;
/** For one list or value at a time; nothing waits between filling and using it. */
const scratch = Buffer.alloc(ATTRIBUTE_BYTES_MAX);
/** Errors by number (asm-generic/errno.h). */
const EPERM = 1;
const ENODATA = 61;
const EOPNOTSUPP = 95;

/**
 * Attributes that say who may do what with a file, and what its owner noted: they outlive a change of content. Those that
 * vouch for a content (security.capability, security.ima) do not.
 */
const KEPT = ["user.", "system.posix_acl_access", "security.selinux", "security.SMACK64"];

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
    if (errno !== EPERM && errno !== EOPNOTSUPP) throw failure(name, errno);
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
    if (KEPT.some((start) => name.toString("utf8").startsWith(start))) names.push(Buffer.from(name));
    at = end + 1;
  }
  return names;
}

/** Undefined when it has gone meanwhile. */
function readValue(path: Uint8Array, name: Buffer): Uint8Array | undefined {
  const bytes = lgetxattr(path, terminated(name), scratch, scratch.length);
  if (bytes >= 0) return scratch.subarray(0, bytes);
  const errno = koffi.errno();
  if (errno === ENODATA || errno === EPERM || errno === EOPNOTSUPP) return undefined;
  throw failure(name, errno);
}

function terminated(text: Buffer): Buffer {
  return Buffer.concat([text, Buffer.alloc(1)]);
}

function failure(what: Buffer | string, errno: number): ZtlError {
  return new ZtlError(
    "attributes-not-kept",
    `An extended attribute of a file could not be kept: ${what} (errno ${errno}).`,
    {
      remedy: "Look at the free space and the quota of the file system, or leave this file out.",
    },
  );
}
