import { gettid, hostError, lastErrno, openat2, poll, prctl } from "./libc.ts";

/** linux/prctl.h */
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
/** asm/unistd_64.h */
const SYS_OPENAT2 = 437;
/** linux/openat2.h: BENEATH, NO_SYMLINKS, NO_MAGICLINKS. */
const RESOLVE_INSIDE_ONLY = 0x08 | 0x04 | 0x02;
/** asm-generic/fcntl.h */
const O_CLOEXEC = 0o2000000;
const POLLIN = 1;
const EINTR = 4;

/** `struct open_how`, reused: openat2 is on the path of every file the guest opens. */
const openHow = new DataView(new ArrayBuffer(24));
const openHowBytes = new Uint8Array(openHow.buffer);
openHow.setBigUint64(16, BigInt(RESOLVE_INSIDE_ONLY), true);

/**
 * Opens a path that must stay beneath `rootFd` and contain no symbolic link (openat2(2)); close-on-exec always.
 * @param relativePath bytes, no leading slash, no NUL inside; "." is the root itself.
 * @param flags open(2) flags without O_CREAT.
 * @returns the descriptor, or a negative errno. Never throws.
 */
export function openBeneath(rootFd: number, relativePath: Uint8Array, flags: number): number {
  const path = new Uint8Array(relativePath.length + 1);
  path.set(relativePath);
  openHow.setUint32(0, (flags | O_CLOEXEC) >>> 0, true);
  // SAFETY: the path ends with NUL because its copy is one byte longer; both structs are read during the call (rule a).
  const fd = openat2(SYS_OPENAT2, rootFd, path, openHowBytes, openHowBytes.length);
  return fd >= 0 ? fd : -lastErrno();
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
