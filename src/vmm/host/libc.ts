import koffi from "koffi";
import { ZtlError } from "../../errors.ts";

/**
 * The C library functions this package calls, each declared once. Everything else in `vmm/` reaches the operating system
 * through the typed functions of this folder; outside it only `base/host/` imports koffi.
 *
 * Every pointer handed out here follows one of two rules, and the SAFETY notes at the calls refer to them:
 * (a) the callee uses it only during the call (koffi pins the array until it returns), or
 * (b) it points into memory made by `mmap` or an off-heap `ArrayBuffer` that the caller keeps alive as long as the kernel
 *     may use it.
 */
const libc = koffi.load("libc.so.6");

/** Bytes handed to C for the time of one call. */
export type Bytes = Uint8Array | null;

// SAFETY: the declarations repeat the prototypes of the man pages (sections 2 and 3) for x86-64 Linux. `ioctl`, `fcntl`,
// `prctl` and `syscall` are variadic in C; on x86-64 an integer or pointer argument travels in the same register either
// way, and none of these calls takes a floating-point argument.
const functions = {
  ioctlPointer: libc.func("int ioctl(int fd, unsigned long request, void* argument)"),
  ioctlValue: libc.func("ioctl", "int", ["int", "unsigned long", "uintptr_t"]),
  mmap: libc.func("mmap", "uintptr_t", ["uintptr_t", "size_t", "int", "int", "int", "int64_t"]),
  munmap: libc.func("munmap", "int", ["uintptr_t", "size_t"]),
  mprotect: libc.func("mprotect", "int", ["uintptr_t", "size_t", "int"]),
  madvise: libc.func("madvise", "int", ["uintptr_t", "size_t", "int"]),
  mallocTrim: libc.func("malloc_trim", "int", ["size_t"]),
  memfdCreate: libc.func("int memfd_create(const char* name, unsigned int flags)"),
  fcntl: libc.func("fcntl", "int", ["int", "int", "int"]),
  poll: libc.func("int poll(void* fds, unsigned long count, int timeoutMs)"),
  prctl: libc.func("prctl", "int", ["int", "unsigned long", "unsigned long", "unsigned long", "unsigned long"]),
  gettid: libc.func("int gettid()"),
  clockGettime: libc.func("int clock_gettime(int clock, void* time)"),
  // Variadic as well: without O_CREAT it takes no fourth argument.
  openat: libc.func("openat", "int", ["int", "void*", "int"]),
  readlinkat: libc.func("long readlinkat(int directory, void* name, void* target, size_t size)"),
  exitNow: libc.func("void _exit(int status)"),
  syscall: libc.func("syscall", "long", ["long", "long", "long", "void*", "long"]),
  syscallOnBytes: libc.func("syscall", "long", ["long", "void*", "size_t", "long"]),
  socketpair: libc.func("int socketpair(int domain, int type, int protocol, void* pair)"),
  shutdown: libc.func("int shutdown(int socket, int how)"),
  sendmsg: libc.func("long sendmsg(int socket, void* message, int flags)"),
  recvmsg: libc.func("long recvmsg(int socket, void* message, int flags)"),
  sigaction: libc.func("int sigaction(int signal, void* action, void* old)"),
  timerCreate: libc.func("int timer_create(int clock, void* event, void* timer)"),
  timerSettime: libc.func("timer_settime", "int", ["uintptr_t", "int", "void*", "void*"]),
  timerDelete: libc.func("timer_delete", "int", ["uintptr_t"]),
};

export const ioctlPointer = functions.ioctlPointer as (fd: number, request: number, argument: Bytes) => number;
export const ioctlValue = functions.ioctlValue as (fd: number, request: number, argument: number) => number;
/** Returns the address; a failure (`MAP_FAILED`) does not fit a safe integer and arrives as a bigint. */
export const mmap = functions.mmap as (
  address: number,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => number | bigint;
export const munmap = functions.munmap as (address: number, length: number) => number;
export const mprotect = functions.mprotect as (address: number, length: number, protection: number) => number;
export const madvise = functions.madvise as (address: number, length: number, advice: number) => number;
export const mallocTrim = functions.mallocTrim as (padBytes: number) => number;
export const memfdCreateRaw = functions.memfdCreate as (name: string, flags: number) => number;
export const fcntl = functions.fcntl as (fd: number, command: number, argument: number) => number;
export const poll = functions.poll as (fds: Bytes, count: number, timeoutMs: number) => number;
export const prctl = functions.prctl as (option: number, a: number, b: number, c: number, d: number) => number;
export const gettid = functions.gettid as () => number;
export const clockGettime = functions.clockGettime as (clock: number, time: Bytes) => number;
export const openat = functions.openat as (directory: number, path: Bytes, flags: number) => number;
export const readlinkat = functions.readlinkat as (
  directory: number,
  name: Bytes,
  target: Bytes,
  size: number,
) => number;
export const exitNow = functions.exitNow as (status: number) => void;
/** `syscall(2)` for calls glibc does not wrap and whose third argument, if any, is a pointer. */
export const syscall = functions.syscall as (number: number, a: number, b: number, bytes: Bytes, c: number) => number;
/** The same for calls whose first argument is a pointer. */
export const syscallOnBytes = functions.syscallOnBytes as (
  number: number,
  bytes: Bytes,
  size: number,
  c: number,
) => number;
export const socketpair = functions.socketpair as (
  domain: number,
  type: number,
  protocol: number,
  pair: Bytes,
) => number;
export const shutdown = functions.shutdown as (socket: number, how: number) => number;
export const sendmsg = functions.sendmsg as (socket: number, message: Bytes, flags: number) => number;
export const recvmsg = functions.recvmsg as (socket: number, message: Bytes, flags: number) => number;
export const sigaction = functions.sigaction as (signal: number, action: Bytes, old: Bytes) => number;
export const timerCreate = functions.timerCreate as (clock: number, event: Bytes, timer: Bytes) => number;
export const timerSettime = functions.timerSettime as (
  timer: number,
  flags: number,
  value: Bytes,
  old: Bytes,
) => number;
export const timerDelete = functions.timerDelete as (timer: number) => number;

/** The calling thread's errno, as the last C call left it. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Address of a function of the C library. */
export function functionAddress(name: string): bigint {
  return BigInt(libc.symbol(name));
}

/** Address of an array's bytes. Only for arrays over an off-heap `ArrayBuffer` that outlives the address (rule b). */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return koffi.address(bytes);
}

/** The memory at an address as an `ArrayBuffer`; it must be forgotten before the memory is unmapped. */
export function viewOf(address: number, length: number): ArrayBuffer {
  // SAFETY: the callers pass exactly the range a successful mmap gave them.
  return koffi.view(BigInt(address), length);
}

/** An off-heap buffer: its address is stable for its whole life, unlike that of a small typed array. */
export function stableBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** The error for a host system call that must not fail. */
export function hostError(call: string, errno = lastErrno()): ZtlError {
  return new ZtlError("host-call-failed", `The host refused ${call} (errno ${errno}).`, { call, errno });
}
