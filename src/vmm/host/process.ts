import { closeSync } from "node:fs";
import { exitNow, gettid, hostError, lastErrno, openat, poll, prctl, readlinkat, syscall } from "./libc.ts";

/** linux/prctl.h */
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
/** asm/unistd_64.h */
const SYS_PRLIMIT64 = 302;
/** asm-generic/fcntl.h */
const O_DIRECTORY = 0o200000;
const O_NOFOLLOW = 0o400000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** An intermediate directory of a path: only walked through, and no symbolic link. */
const STEP = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/** linux/limits.h: the longest target of a symbolic link. */
const PATH_MAX = 4096;
const POLLIN = 1;
const EINTR = 4;
const EXDEV = 18;
const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Opens a path that must stay beneath `rootFd` and contain no symbolic link; close-on-exec always. One name at a time:
 * openat2(2) would do it in one call, but it takes its flags from memory, where no seccomp filter can look at them.
 * @param relativePath bytes, no leading slash, no NUL inside; "." is the root itself.
 * @param flags open(2) flags without O_CREAT.
 * @returns the descriptor, or a negative errno. Never throws.
 */
export function openBeneath(rootFd: number, relativePath: Uint8Array, flags: number): number {
  if (relativePath[0] === SLASH) return -EXDEV;
  let at = rootFd;
  let start = 0;
  for (;;) {
    const slash = relativePath.indexOf(SLASH, start);
    const end = slash < 0 ? relativePath.length : slash;
    const next = openName(at, relativePath.subarray(start, end), slash < 0 ? flags | O_NOFOLLOW | O_CLOEXEC : STEP);
    if (at !== rootFd) closeSync(at);
    if (next < 0 || slash < 0) return next;
    at = next;
    start = slash + 1;
  }
}

/** One name of a directory, or "." for itself. */
function openName(directory: number, name: Uint8Array, flags: number): number {
  if (name.length === 2 && name[0] === DOT && name[1] === DOT) return -EXDEV;
  // An empty name ("a//b", "a/") is the directory itself.
  const bytes = new Uint8Array(Math.max(1, name.length) + 1);
  if (name.length === 0) bytes[0] = DOT;
  else bytes.set(name);
  // SAFETY: the name ends with NUL because its copy is one byte longer; it is read during the call (rule a).
  const fd = openat(directory, bytes, flags);
  return fd >= 0 ? fd : -lastErrno();
}

/** Target of the symbolic link `name` in an open directory (readlinkat(2)), or a negative errno. */
export function readLink(directory: number, name: Uint8Array): Uint8Array | number {
  const bytes = new Uint8Array(name.length + 1);
  bytes.set(name);
  const target = new Uint8Array(PATH_MAX);
  // SAFETY: the name ends with NUL as above; the kernel writes at most `target.length` bytes (rule a).
  const length = readlinkat(directory, bytes, target, target.length);
  return length < 0 ? -lastErrno() : target.subarray(0, length);
}

/** linux/resource.h, asm-generic/resource.h */
export const Resource = { fileSize: 1 } as const;

/** Lowers a limit of this process for good (prlimit(2)). */
export function limitResource(resource: number, value: number): void {
  const limit = new Uint8Array(BigUint64Array.of(BigInt(value), BigInt(value)).buffer);
  // SAFETY: `struct rlimit64` is read during the call (rule a).
  if (syscall(SYS_PRLIMIT64, 0, resource, limit, 0) !== 0) throw hostError("prlimit64");
}

/** Ends the process at once (_exit(2)): nothing of Node's own leave-taking, which a confined process may not do. */
export function exitProcess(status: number): never {
  // SAFETY: takes an integer and does not return.
  exitNow(status);
  throw new Error("unreachable");
}

/** True once `fd` is readable or closed by its writer; false after `timeoutMs` (negative waits without limit). */
export function pollReadable(fd: number, timeoutMs: number): boolean {
  const request = new DataView(new ArrayBuffer(8));
  request.setInt32(0, fd, true);
  request.setInt16(4, POLLIN, true);
  const bytes = new Uint8Array(request.buffer);
  const deadline = performance.now() + timeoutMs;
  for (let leftMs = timeoutMs; ; leftMs = Math.max(0, deadline - performance.now())) {
    // SAFETY: one `struct pollfd`, written during the call only (rule a).
    const ready = poll(bytes, 1, timeoutMs < 0 ? -1 : Math.ceil(leftMs));
    if (ready >= 0) return ready > 0;
    if (lastErrno() !== EINTR) throw hostError("poll");
  }
}

/** The kernel's id of the calling thread. */
export function threadId(): number {
  return gettid();
}

/** Has the kernel kill this process when its parent dies (prctl(2), PR_SET_PDEATHSIG). */
export function setParentDeathSignal(): void {
  // SAFETY: plain integers.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) !== 0) throw hostError("prctl(PR_SET_PDEATHSIG)");
}

/** No new privileges by any later exec, no core dump, no ptrace by other processes of the same user. */
export function lockDownProcess(): void {
  // SAFETY: plain integers.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw hostError("prctl(PR_SET_NO_NEW_PRIVS)");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) throw hostError("prctl(PR_SET_DUMPABLE)");
}
