import { CODE_ADDRESS, DATA_ADDRESS, DATA_BYTES, exitGroup, syscall } from "./elf.ts";
import type { Random } from "./random.ts";

/** Random system calls with arguments that a careless kernel trips over. */

/** Highest number any x86-64 kernel knows today, and some. */
export const NUMBER_MAX = 470;
/** The x32 ABI's mark in a system call number (asm/unistd.h, __X32_SYSCALL_BIT). */
const X32_BIT = 0x4000_0000;
/** exit and exit_group: they would only cut the program short. */
const ENDINGS = new Set([60, 231]);

const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  16n,
  64n,
  255n,
  4095n,
  4096n,
  4097n,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 47n - 1n,
  2n ** 47n - 4096n,
  2n ** 47n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 2n,
  2n ** 64n - 100n,
  2n ** 64n - 4096n,
  0x7fff_f000_0000n,
  0x7fff_f010_0000n,
  0x7fff_f000_0fffn,
  0x7fff_e000_0000n,
  0xffff_8000_0000_0000n,
  0x8000_0000_0000n,
  0xdead_0000_0000_0000n,
];

const PATHS = [
  "/",
  ".",
  "..",
  "/tmp",
  "/tmp/f",
  "/tmp/d",
  "/proc/self/maps",
  "/proc/self/fd/3",
  "/proc/self/exe",
  "/dev/null",
  "/dev/zero",
  "/dev/fd/3",
  "/attack",
  "/usr/bin/env",
  "",
  "a/".repeat(300),
  "x".repeat(300),
  "/tmp/\xff\x1b[31m",
  "/proc/1/../self/root/tmp",
  "/dev/ptmx",
  "/dev/pts/0",
  "/dev/tty",
  "/proc/self/smaps",
];

/** Where each hostile structure lies in the data segment. */
const PATHS_AT = 0;
const VALUES_AT = 0x6000;
const VECTORS_AT = 0x8000;
const RANDOM_AT = 0xa000;
const PATH_STRIDE = 1024;

/** The data segment: path strings, tables of edge values, buffer vectors that overlap and wrap, random bytes. */
export function hostileData(random: Random): Buffer {
  const data = Buffer.alloc(DATA_BYTES - 4096);
  PATHS.forEach((path, index) => data.write(`${path}\0`, PATHS_AT + index * PATH_STRIDE, "latin1"));
  for (let at = VALUES_AT; at < VECTORS_AT; at += 8) data.writeBigUInt64LE(BigInt.asUintN(64, value(random)), at);
  for (let at = VECTORS_AT; at < RANDOM_AT; at += 16) {
    data.writeBigUInt64LE(BigInt.asUintN(64, address(random)), at);
    data.writeBigUInt64LE(random.below(2) ? BigInt(random.below(8192)) : random.pick(EDGES), at + 8);
  }
  random.bytes(0x2000).copy(data, RANDOM_AT);
  return data;
}

function address(random: Random): bigint {
  const data = BigInt(DATA_ADDRESS);
  switch (random.below(8)) {
    case 0:
      return data + BigInt(PATHS_AT + random.below(PATHS.length) * PATH_STRIDE);
    case 1:
      return data + BigInt(VALUES_AT + random.below(0x400) * 8);
    case 2:
      return data + BigInt(VECTORS_AT + random.below(0x200) * 16);
    case 3:
      return data + BigInt(RANDOM_AT + random.below(0x2000));
    case 4:
      // The last bytes of the segment: structures that begin well and end outside.
      return data + BigInt(DATA_BYTES - random.below(64));
    case 5:
      return BigInt(CODE_ADDRESS + random.below(4096));
    case 6:
      return random.pick(EDGES);
    default:
      return data + BigInt(random.below(DATA_BYTES));
  }
}

function value(random: Random): bigint {
  switch (random.below(8)) {
    case 0:
      return BigInt(random.below(20));
    case 1:
      return BigInt(random.below(0x10000));
    case 2:
      return random.pick(EDGES);
    case 3:
      return -BigInt(random.below(300));
    case 4:
      return 1n << BigInt(random.below(64));
    case 5:
      return random.u64();
    default:
      return address(random);
  }
}

function argument(random: Random, index: number): bigint {
  // Most calls take a descriptor or a path first: wild values alone would all end with EBADF.
  if (index === 0 && random.below(2) === 0) return BigInt(random.below(24));
  if (random.below(6) === 0) return DATA_PATH(random);
  return value(random);
}

function DATA_PATH(random: Random): bigint {
  return BigInt(DATA_ADDRESS + PATHS_AT + random.below(PATHS.length) * PATH_STRIDE);
}

function number(random: Random): number {
  const plain = random.below(NUMBER_MAX + 1);
  if (ENDINGS.has(plain)) return 0;
  switch (random.below(40)) {
    case 0:
      return plain | X32_BIT;
    case 1:
      return random.below(2 ** 32);
    default:
      return plain;
  }
}

export type HostileCall = readonly bigint[];

export function hostileCall(random: Random, fixedNumber?: number): HostileCall {
  return [BigInt(fixedNumber ?? number(random)), ...Array.from({ length: 6 }, (_, index) => argument(random, index))];
}

const path = (index: number): number => DATA_ADDRESS + PATHS_AT + index * PATH_STRIDE;
const scratch = DATA_ADDRESS + 0xe000;

/**
 * Open descriptors of every kind, and a clock that interrupts whatever sleeps: a handler without SA_RESTART is called
 * every few milliseconds, so that no call blocks for good.
 */
export function prologue(handlerAddress: number, restorerAddress: number): Buffer {
  const store = (at: number, bits: bigint): Buffer => {
    const bytes = Buffer.alloc(20);
    bytes.write("48bb", 0, "hex"); // mov rbx, at
    bytes.writeBigUInt64LE(BigInt(at), 2);
    bytes.write("48b8", 10, "hex"); // mov rax, bits
    bytes.writeBigUInt64LE(bits, 12);
    return Buffer.concat([bytes, Buffer.from("488903", "hex")]); // mov [rbx], rax
  };
  const action = scratch;
  const timer = scratch + 64;
  return Buffer.concat([
    store(action, BigInt(handlerAddress)),
    store(action + 8, 0x0400_0000n), // SA_RESTORER
    store(action + 16, BigInt(restorerAddress)),
    store(action + 24, 0n),
    syscall(13, 14, action, 0, 8), // rt_sigaction(SIGALRM)
    store(timer, 0n),
    store(timer + 8, 5000n),
    store(timer + 16, 0n),
    store(timer + 24, 5000n),
    syscall(38, 0, timer, 0), // setitimer(ITIMER_REAL)
    syscall(2, path(4), 0o102, 0o644), // open("/tmp/f", O_RDWR | O_CREAT)
    syscall(83, path(5), 0o755), // mkdir("/tmp/d")
    syscall(2, path(3), 0o200000, 0), // open("/tmp", O_DIRECTORY)
    syscall(2, path(13), 0, 0), // a host file
    syscall(2, path(6), 0, 0), // /proc/self/maps
    syscall(22, scratch + 128), // pipe
    syscall(53, 1, 1, 0, scratch + 128), // socketpair(AF_UNIX, SOCK_STREAM)
    syscall(291, 0), // epoll_create1
    syscall(290, 0, 0), // eventfd2
    syscall(41, 2, 1, 0), // socket(AF_INET, SOCK_STREAM)
    syscall(319, path(4), 0), // memfd_create
    syscall(2, path(10), 2, 0), // /dev/zero
    syscall(2, path(19), 2, 0), // /dev/ptmx, descriptor 16
    syscall(16, 16, 0x4004_5431, action + 24), // TIOCSPTLCK
    syscall(16, 16, 0x5441, 2), // TIOCGPTPEER
    syscall(294, 0), // inotify_init1, descriptor 18
    syscall(254, 18, path(3), 0xfff), // inotify_add_watch("/tmp")
    syscall(29, 0, 8192, 0o1600), // shmget
    syscall(64, 0, 9, 0o1600), // semget
    syscall(68, 0, 0o1600), // msgget
  ]);
}

/** A whole program: prologue, the calls in order, exit 0. */
export function hostileProgram(calls: readonly HostileCall[]): Buffer {
  // jmp over the handler (`ret`) and the restorer (`mov eax, 15; syscall`).
  const handlerAt = 2;
  const head = Buffer.from("eb08c3b80f0000000f05", "hex");
  const body = calls.map((call) => syscall(...call));
  return Buffer.concat([head, prologue(CODE_ADDRESS + handlerAt, CODE_ADDRESS + handlerAt + 1), ...body, exitGroup(0)]);
}
