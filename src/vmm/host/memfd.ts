import { ftruncateSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import { fcntl, hostError, lastErrno, memfdCreateRaw } from "./libc.ts";

/** linux/memfd.h */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 16;
/** linux/fcntl.h: SEAL, SHRINK, GROW, WRITE. */
const F_ADD_SEALS = 1033;
const ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8;
/** fcntl(2), asm-generic/fcntl.h */
const F_DUPFD_CLOEXEC = 1030;
const EINVAL = 22;
const EBUSY = 16;

/** An anonymous file in RAM; `name` shows up in /proc only. Close-on-exec, sealable, never executable. */
export function memfdCreate(name: string, sizeBytes = 0): number {
  // SAFETY: koffi copies the name to a C string for the time of the call (rule a).
  let fd = memfdCreateRaw(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 do not know MFD_NOEXEC_SEAL; nothing depends on it.
  if (fd < 0 && lastErrno() === EINVAL) fd = memfdCreateRaw(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw hostError("memfd_create");
  if (sizeBytes > 0) ftruncateSync(fd, sizeBytes);
  return fd;
}

/** A memfd for a program; undefined where this system lets no such file be executed (sysctl vm.memfd_noexec). */
export function executableMemfd(name: string): number | undefined {
  // SAFETY: koffi copies the name to a C string for the time of the call (rule a).
  let fd = memfdCreateRaw(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // Kernels before 6.3 do not know MFD_EXEC, and let all be executed.
  if (fd < 0 && lastErrno() === EINVAL) fd = memfdCreateRaw(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd < 0 ? undefined : fd;
}

/**
 * Makes a memfd immutable for good (fcntl(2), F_ADD_SEALS).
 * @throws ZtlError `memory-still-mapped` while a machine still maps it writable: close the machine first.
 */
export function sealMemfd(fd: number): void {
  // SAFETY: plain integers.
  if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) === 0) return;
  const errno = lastErrno();
  if (errno !== EBUSY) throw hostError("fcntl(F_ADD_SEALS)", errno);
  throw new ZtlError(
    "memory-still-mapped",
    "A memory file cannot be sealed while a machine maps it; close() it first.",
  );
}

/** A second descriptor for the same file, close-on-exec, with a number of at least `min`. */
export function duplicateFd(fd: number, min = 0): number {
  // SAFETY: plain integers.
  const copy = fcntl(fd, F_DUPFD_CLOEXEC, min);
  if (copy < 0) throw hostError("fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}
