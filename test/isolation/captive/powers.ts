import fs from "node:fs";
import { createRequire } from "node:module";
import koffi from "koffi";
import { type Entry, entryCode, hijackCode, jumpCode } from "./machine-code.ts";

/*
 * What code of an attacker's choosing has in a cell: JavaScript with all of Node, any system call, machine code, other
 * threads. Everything is looked up when the cell starts, as an attacker would find it in the process's memory.
 *
 * SAFETY: none of this is safe, and nobody but a cell that is to be thrown away calls it. That memory stays where it is while
 * the kernel or machine code may use it is seen to by `kept`.
 */
const libc = koffi.load("libc.so.6");
const raw = libc.func("syscall", "long", ["long", "long", "long", "long", "long", "long", "long"]);
const mapMemory = libc.func("mmap", "uintptr_t", ["uintptr_t", "size_t", "int", "int", "int", "int64_t"]);
const protect = libc.func("mprotect", "int", ["uintptr_t", "size_t", "int"]);
const CODE = koffi.proto("long Code(long argument)");
const WAIT = BigInt(libc.symbol("pthread_cond_wait"));
const LOCK = BigInt(libc.symbol("pthread_mutex_lock"));
const UNLOCK = BigInt(libc.symbol("pthread_mutex_unlock"));
const EPOLL = BigInt(libc.symbol("epoll_pwait"));

/** asm-generic/mman-common.h: read and write; with execution; private anonymous memory. */
const READ_WRITE = 3;
const READ_WRITE_EXECUTE = 7;
const PRIVATE_ANONYMOUS = 0x22;
const PAGE = 4096;
/** asm/unistd_64.h */
const SYS_WRITE = 1;
const SYS_FSTAT = 5;
const SYS_GETTID = 186;
/** Threads a Node process has, and some more. */
const THREADS_MAX = 64;
const WAIT_MS = 3000;
/** struct stat (asm/stat.h) */
const STAT_BYTES = 144;
/** Descriptors a cell may have (RLIMIT_NOFILE in vmm/host/launcher/launch.ts). */
const DESCRIPTORS = 1024;

type Value = number | bigint;

const kept: Uint8Array[] = [];

/** A system call by the C library, on this thread. @returns its result, or a negative errno. */
function call(number: number, ...values: readonly Value[]): number {
  const padded = [...values, 0, 0, 0, 0, 0, 0].slice(0, 6);
  const result = Number(raw(number, ...padded));
  return result === -1 ? -koffi.errno() : result;
}

/** Address of bytes that stay where they are. */
function memory(bytes: Uint8Array | number): number {
  const stable = new Uint8Array(new ArrayBuffer(typeof bytes === "number" ? bytes : bytes.length));
  if (typeof bytes !== "number") stable.set(bytes);
  kept.push(stable);
  return Number(koffi.address(stable));
}

const text = (value: string): number => memory(Buffer.from(`${value}\0`));

/** Memory with machine code in it. @returns its address. */
function executable(code: Uint8Array): number {
  const size = Math.ceil(code.length / PAGE) * PAGE;
  const address = mapMemory(0, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0) as number;
  const bytes = new Uint8Array(koffi.view(BigInt(address), size));
  bytes.set(code);
  if (protect(address, size, READ_WRITE_EXECUTE) !== 0) throw new Error(`no machine code: errno ${koffi.errno()}`);
  return address;
}

/** Runs machine code on this thread. @returns what it leaves in rax. */
function run(code: Uint8Array, argument: Value = 0): number {
  return Number(koffi.call(BigInt(executable(code)), CODE, argument));
}

/** A system call made by machine code of our own. */
function enter(how: Entry, number: number, ...values: readonly Value[]): number {
  return run(entryCode(how, number, values));
}

/** Overwrites the beginning of a function of the C library. @returns what undoes it. */
function replace(target: bigint, code: Uint8Array): () => void {
  const start = Number(target - (target % BigInt(PAGE)));
  if (protect(start, 2 * PAGE, READ_WRITE_EXECUTE) !== 0) throw new Error(`not writable: errno ${koffi.errno()}`);
  const place = new Uint8Array(koffi.view(target, code.length));
  const before = Uint8Array.from(place);
  place.set(code);
  return () => place.set(before);
}

/**
 * Has the other threads of this process run machine code, by rewriting what they call when they have nothing to do, and
 * giving them something to do. @returns the results, which must not be zero, of at least `wanted` threads if so many did.
 */
function onOtherThreads(code: Uint8Array, wanted: number): number[] {
  const slots = new BigInt64Array(new ArrayBuffer(16 * (THREADS_MAX + 1)));
  kept.push(new Uint8Array(slots.buffer));
  const common = {
    code: BigInt(executable(code)),
    slots: BigInt(koffi.address(slots)),
    main: call(SYS_GETTID),
    lock: LOCK,
    unlock: UNLOCK,
  };
  const hijacked = (next: "go on" | "sleep"): Uint8Array =>
    jumpCode(BigInt(executable(hijackCode({ ...common, next }))));
  const restore = replace(WAIT, hijacked("go on"));
  replace(EPOLL, hijacked("sleep"));
  // The thread that waits for delayed tasks is woken by its event descriptor, V8's own by a collection.
  const one = memory(new Uint8Array(BigUint64Array.of(1n).buffer));
  for (const fd of descriptors()) if (isEvent(fd)) call(SYS_WRITE, fd, one, 8);
  const results = (): number[] =>
    Array.from({ length: THREADS_MAX }, (_, index) => Number(slots[2 * index + 3])).filter((result) => result !== 0);
  for (let untilMs = performance.now() + WAIT_MS; performance.now() < untilMs && results().length < wanted; )
    globalThis.gc?.();
  restore();
  return results();
}

/** What is neither a file nor a socket nor a pipe (stat(2): no type): event descriptors, and KVM's, which take no write. */
function isEvent(fd: number): boolean {
  // struct stat: st_mode at 24.
  const address = memory(STAT_BYTES);
  call(SYS_FSTAT, fd, address);
  return (new DataView(koffi.view(BigInt(address), STAT_BYTES)).getUint32(24, true) & 0o170000) === 0;
}

/** The descriptors this process has. */
function descriptors(): number[] {
  const status = memory(STAT_BYTES);
  return Array.from({ length: DESCRIPTORS }, (_, fd) => fd).filter((fd) => call(SYS_FSTAT, fd, status) === 0);
}

export const powers = {
  fs,
  koffi,
  require: createRequire(import.meta.url),
  call,
  memory,
  text,
  run,
  enter,
  onOtherThreads,
  descriptors,
  entryCode,
};
/** What the code of an attack can use in a cell. */
export type Powers = typeof powers;
