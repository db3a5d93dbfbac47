import { CODE_ADDRESS, DATA_ADDRESS, exitGroup, hex, syscall } from "./elf.ts";

/** System calls aimed at one weak spot each; several of them once brought a cell down. */

export interface PointedAttack {
  readonly code: Buffer;
  readonly data: Buffer;
}

const D = DATA_ADDRESS;
const MAX = 2n ** 64n - 1n;

function words(...values: readonly (bigint | number)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 8 * index));
  return bytes;
}

/** A path followed by zeros. */
function path(text: string): Buffer {
  return Buffer.from(text.padEnd(1024, "\0"), "latin1");
}

const wildLoad = hex("48c7c0ffffffff 8a00");
const action = (signal: number, at: number): Buffer => syscall(13, signal, at, 0, 8);
const program = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, exitGroup(0)]);

const ATTACKS: Readonly<Record<string, readonly [code: Buffer, data: Buffer]>> = {
  "epoll cycle": [
    program(
      syscall(291, 0),
      syscall(291, 0),
      syscall(233, 3, 1, 4, D),
      syscall(233, 4, 1, 3, D),
      syscall(232, 3, D, 1, 0),
    ),
    words(1, 0),
  ],
  "epoll deep": [
    program(
      ...Array.from({ length: 1000 }, () => syscall(291, 0)),
      ...Array.from({ length: 900 }, (_, i) => syscall(233, 3 + i + 1, 1, 3 + i, D)),
      syscall(232, 800, D, 1, 0),
    ),
    words(1, 0),
  ],
  rlimit: [
    program(syscall(160, 3, D), syscall(97, 3, D + 32), syscall(302, 0, 3, 0, D + 32)),
    words(MAX - 1n, MAX - 1n, 0, 0, 0, 0, 0, 0),
  ],
  "nofile limit odd": [
    program(syscall(160, 7, D), syscall(97, 7, D + 32), syscall(32, 0)),
    words(3, 3, 0, 0, 0, 0, 0, 0),
  ],
  "segv at -1 with handler": [
    program(action(11, D), wildLoad),
    words(CODE_ADDRESS + 4096, 0x04000004, CODE_ADDRESS, 0),
  ],
  "segv noncanonical handler": [program(action(11, D), wildLoad), words(0xdead000000000000n, 0x04000004, MAX, 0)],
  "altstack at -1": [
    program(syscall(131, D + 64, 0), action(11, D), wildLoad),
    words(CODE_ADDRESS, 0x0c000004, MAX, 0, 0, 0, 0, 0, MAX, 0, MAX, 0, 0),
  ],
  "altstack huge": [
    program(syscall(131, D + 64, 0), action(11, D), wildLoad),
    words(CODE_ADDRESS, 0x0c000004, MAX, 0, 0, 0, 0, 0, 4096, 0, 2n ** 62n, 0, 0),
  ],
  "altstack readback": [
    program(syscall(131, D + 64, 0), syscall(131, 0, D + 128)),
    words(CODE_ADDRESS, 0x0c000004, MAX, 0, 0, 0, 0, 0, MAX - 5n, 0, MAX - 6n, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  ],
  "sigreturn garbage": [program(hex("48bc"), words(D + 0x2000), syscall(15)), Buffer.alloc(0x4000, 0xff)],
  "sigreturn zero": [program(hex("48bc"), words(D + 0x2000), syscall(15)), Buffer.alloc(0x4000, 0)],
  "sigreturn rsp 0": [program(hex("4831e4"), syscall(15)), words(0)],
  "handler with rsp 0": [program(action(11, D), hex("4831e4"), wildLoad), words(CODE_ADDRESS, 0x04000004, MAX, 0)],
  "handler with rsp -1": [
    program(action(11, D), hex("48c7c4ffffffff"), wildLoad),
    words(CODE_ADDRESS, 0x04000004, MAX, 0),
  ],
  "handler with rsp noncanonical": [
    program(action(11, D), hex("48bc"), words(0xdead0000dead0000n), wildLoad),
    words(CODE_ADDRESS, 0x04000004, MAX, 0),
  ],
  "seek far, read and write": [
    program(
      syscall(2, D, 0o102, 0o644),
      syscall(8, 3, 2n ** 63n - 1n, 0),
      syscall(0, 3, D + 64, 64),
      syscall(1, 3, D + 64, 64),
      syscall(17, 3, D + 64, 64, 2n ** 63n - 1n),
      syscall(18, 3, D + 64, 64, 2n ** 63n - 1n),
      syscall(77, 3, 2n ** 62n),
      syscall(76, D, 2n ** 63n - 1n),
      syscall(285, 3, 0, 2n ** 62n, 2n ** 62n),
      syscall(8, 3, 2n ** 53n, 1),
    ),
    path("/tmp/x"),
  ],
  "host file far": [
    program(
      syscall(2, D, 0, 0),
      syscall(8, 3, 2n ** 63n - 1n, 0),
      syscall(0, 3, D + 64, 64),
      syscall(17, 3, D + 64, 64, 2n ** 63n - 1n),
      syscall(17, 3, D + 64, 64, 2n ** 53n + 2n),
      syscall(9, 0, 8192, 1, 2, 3, 2n ** 63n - 4096n),
      syscall(9, 0, 8192, 1, 2, 3, 2n ** 52n),
      syscall(9, 0, 8192, 1, 1, 3, 2n ** 64n - 4096n),
      hex("8a00"),
    ),
    path("/usr/bin/env"),
  ],
  "ram file mmap far": [
    program(
      syscall(2, D, 0o102, 0o644),
      syscall(77, 3, 2n ** 42n),
      syscall(9, 0, 8192, 3, 1, 3, 2n ** 42n - 8192n),
      hex("c60001"),
      syscall(9, 0, 2n ** 43n, 3, 1, 3, 0),
      hex("c60001"),
      syscall(77, 3, 10),
      hex("8a00"),
    ),
    path("/tmp/x"),
  ],
  "proc files far": [
    program(
      syscall(2, D, 0, 0),
      syscall(8, 3, 2n ** 63n - 1n, 0),
      syscall(0, 3, D + 64, 64),
      syscall(17, 3, D + 64, 64, 2n ** 63n - 1n),
    ),
    path("/proc/self/maps"),
  ],
  "dev zero far": [
    program(
      syscall(2, D, 2, 0),
      syscall(8, 3, 2n ** 63n - 1n, 0),
      syscall(0, 3, D + 64, 64),
      syscall(17, 3, D + 64, 64, 2n ** 63n - 1n),
    ),
    path("/dev/zero"),
  ],
  "directory seek": [
    program(
      syscall(2, D, 0, 0),
      syscall(8, 3, 2n ** 63n - 1n, 0),
      syscall(217, 3, D + 64, 64),
      syscall(8, 3, 1, 0),
      syscall(217, 3, D + 64, 64),
      syscall(217, 3, D + 64, 0xffffffff),
    ),
    path("/usr/bin"),
  ],
  "mremap huge": [
    program(
      syscall(25, D, 4096, 2n ** 46n, 1),
      syscall(25, D, 2n ** 46n, 4096, 1),
      syscall(25, D, MAX, 4096, 1),
      syscall(25, D, 2n ** 46n, MAX, 3, D),
      syscall(25, D, 4096, 4096, 3, 2n ** 64n - 4096n),
      syscall(25, D, 4096, 8192, 3, 0x7ffff0000000n),
    ),
    words(0),
  ],
  "mremap onto itself": [
    program(syscall(25, D, 8192, 8192, 3, D), syscall(25, D, 16384, 16384, 3, D + 4096)),
    words(0),
  ],
  "mmap over vmm": [
    program(
      ...[
        0x7ffff0000000n,
        0x7ffff0001000n,
        0x7ffff0100000n,
        0x7fffefffe000n,
        0x7fffe0000000n,
        0n,
        0x1000n,
        2n ** 47n - 4096n,
        2n ** 47n,
        MAX - 4095n,
      ].flatMap((a) => [syscall(9, a, 8192, 7, 0x32, -1, 0), hex("4885c0 7803 c60001")]),
    ),
    words(0),
  ],
  "mprotect churn": [
    program(...Array.from({ length: 300 }, (_, i) => syscall(10, D, 4096 * (i % 17), i % 8))),
    words(0),
  ],
  "unmap everything": [program(syscall(11, 0, 2n ** 47n - 4096n)), words(0)],
  "unmap all but code": [
    program(syscall(11, D, 2n ** 47n - 4096n - BigInt(D)), syscall(1, 1, D, 100), syscall(12, 0x10000000)),
    words(0),
  ],
  "brk far": [
    program(syscall(12, 2n ** 46n), syscall(12, MAX), syscall(12, 2n ** 47n), syscall(12, 0x7fffe0000000n - 2n ** 24n)),
    words(0),
  ],
  "mlock/msync/mincore": [
    program(
      syscall(27, 0, 2n ** 47n - 4096n, D),
      syscall(27, D, MAX, D),
      syscall(26, D, MAX, 4),
      syscall(28, 0, 2n ** 47n - 4096n, 4),
      syscall(28, D, MAX, 4),
    ),
    words(0),
  ],
  "writev sum": [
    program(syscall(20, 1, D, 3), syscall(19, 0, D, 3), syscall(310, 2, D, 1, D, 1, 0)),
    words(D, MAX, D, MAX, D, 3),
  ],
  "sendfile self": [
    program(syscall(2, D, 0o102, 0o644), syscall(1, 3, D, 200), syscall(8, 3, 0, 0), syscall(40, 3, 3, 0, 2n ** 63n)),
    path("/tmp/x"),
  ],
  "splice pipes": [
    program(
      syscall(22, D),
      syscall(1, 4, D, 8),
      syscall(275, 3, 0, 4, 0, MAX, 0),
      syscall(40, 4, 3, 0, MAX),
      syscall(326, 3, 0, 4, 0, MAX, 0),
    ),
    words(0),
  ],
  "pipe fds read": [program(syscall(22, MAX), syscall(22, D + 0xfffc), syscall(293, D, MAX)), words(0)],
  "itimer max": [
    program(syscall(38, 0, D, D + 64), syscall(36, 0, D + 64), syscall(37, 0xffffffff), syscall(36, 0, D + 64)),
    words(2n ** 63n - 1n, 999999, 2n ** 63n - 1n, 999999),
  ],
  "nanosleep max with alarm": [
    program(action(14, D + 64), syscall(38, 0, D + 128, 0), syscall(35, D, D + 32)),
    words(
      2n ** 63n - 1n,
      999999999,
      0,
      0,
      0,
      0,
      0,
      0,
      CODE_ADDRESS + 0x10000,
      0x04000000,
      CODE_ADDRESS,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      10000,
    ),
  ],
  "clock_nanosleep abs": [program(syscall(37, 1), syscall(230, 1, 1, D, D)), words(2n ** 63n - 1n, 999999999)],
  "utimens extremes": [
    program(
      syscall(85, D + 64, 0o644),
      syscall(280, -100, D + 64, D, 0),
      syscall(4, D + 64, D + 128),
      syscall(332, -100, D + 64, 0, 0xfff, D + 512),
    ),
    Buffer.concat([words(2n ** 63n - 1n, 999999999, 2n ** 63n, 0), Buffer.alloc(32), path("/tmp/x")]),
  ],
  "futex weird": [
    program(
      syscall(202, D, 1, MAX),
      syscall(202, D + 1, 0, 0),
      syscall(202, D, 5, 1, MAX, D + 4, MAX),
      syscall(202, D, 5, 1, 1, D + 4, 0x90000000),
      syscall(202, D, 3, MAX, MAX, D),
      syscall(202, 0xdead000000000000n, 1, 1),
    ),
    words(0),
  ],
  "futex requeue self": [program(syscall(202, D, 3, 0, 0x7fffffff, D)), words(0)],
  "execve wild": [
    program(syscall(59, D, MAX, MAX), syscall(59, D, D + 64, 0), syscall(59, D, D + 128, 0)),
    Buffer.concat([path("/usr/bin/env").subarray(0, 64), words(MAX, 0, 0, 0, 0, 0, 0, 0), Buffer.alloc(4096, 1)]),
  ],
  "execve argv endless": [
    program(syscall(59, D, D + 64, D + 64)),
    Buffer.concat([path("/usr/bin/env").subarray(0, 64), ...Array.from({ length: 7000 }, () => words(D))]),
  ],
  "clone shared all": [program(syscall(56, 0x10f00, D + 0x8000, D, D, 0)), words(0)],
  "clone tls wild": [
    program(
      syscall(56, 0x90f00, D + 0x8000, D, D, MAX),
      syscall(158, 0x1002, MAX),
      syscall(158, 0x1001, 2n ** 47n),
      syscall(158, 0x1002, 0x800000000000n),
    ),
    words(0),
  ],
  "clone stack wild": [
    program(syscall(56, 0x10f00, MAX, MAX, MAX, 0), syscall(56, 0x1310f00, D + 0x8000, MAX, MAX, 0), syscall(24)),
    words(0),
  ],
  "clone3 max": [program(syscall(435, D, 88), syscall(435, D, 4096), syscall(435, MAX, 88)), Buffer.alloc(200, 0xff)],
  "clone3 stack max": [program(syscall(435, D, 88)), words(0x10f00, 0, MAX, MAX, 0, MAX, MAX, MAX, 0, 0, 0)],
  "select all": [
    program(
      syscall(23, 0x7fffffff, D, D, D, D + 4096),
      syscall(23, 1024, D, D, D, D + 8192),
      syscall(23, -1, D, 0, 0, 0),
    ),
    Buffer.alloc(0x4000, 0),
  ],
  "poll max": [
    program(syscall(7, D, 4096, 0), syscall(7, D, 0xffffffff, 0), syscall(271, D, 4, MAX, 0, 8)),
    Buffer.alloc(0x8000, 0xff),
  ],
  getrandom: [program(syscall(318, 0, MAX, 0), syscall(318, D, MAX, 0)), words(0)],
  "wait weird": [
    program(
      syscall(61, -1, MAX, 0, MAX),
      syscall(61, 0x80000000, 0, 0, 0),
      syscall(247, 3, MAX, MAX, MAX, MAX),
      syscall(62, 0x80000000, 0),
      syscall(62, -1, 0),
      syscall(200, MAX, 64),
      syscall(62, 2, 65),
    ),
    words(0),
  ],
  "signals rt": [
    program(
      syscall(129, 2, 34, D),
      syscall(297, 2, 2, 34, D),
      syscall(14, 0, D, D, MAX),
      syscall(14, 2, D, 0, 8),
      syscall(127, D, 8),
      syscall(128, D, D, D, 8),
    ),
    Buffer.alloc(256, 0xff),
  ],
  names: [
    program(
      ...[83, 85, 87, 84, 88, 89, 4, 6, 21, 90, 92, 161, 80, 133, 137, 165, 86, 82].map((n) => syscall(n, D, D, D, D)),
    ),
    Buffer.alloc(0x9000, 0x2f),
  ],
  "names long": [
    program(
      ...[83, 85, 87, 84, 88, 89, 4, 6, 21, 90, 92, 161, 80, 133, 137, 165, 86, 82].map((n) => syscall(n, D, D, D, D)),
    ),
    Buffer.concat([Buffer.from("/tmp/"), Buffer.alloc(0x9000, 0x61)]),
  ],
  "socket msgs": [
    program(
      syscall(53, 1, 1, 0, D + 512),
      syscall(46, 3, D, 0),
      syscall(47, 4, D, 0),
      syscall(46, 3, MAX, MAX),
      syscall(47, 4, MAX, MAX),
      syscall(307, 3, D, MAX, 0),
      syscall(299, 3, D, MAX, 0, 0),
      syscall(44, 3, D, MAX, 0, D, MAX),
      syscall(45, 4, D, MAX, 0, D, D),
    ),
    words(MAX, MAX, D + 64, MAX, D, MAX, MAX, 0, D, 8),
  ],
  "msghdr iov": [
    program(syscall(53, 1, 1, 0, D + 512), syscall(46, 3, D, 0), syscall(47, 4, D, 0)),
    words(0, 0, D + 64, 2n ** 40n, D, MAX, 0, 0, D, 8),
  ],
  "iov count huge": [
    program(syscall(20, 1, D, 2n ** 32n + 5n), syscall(20, 1, D, 1024)),
    Buffer.concat(Array.from({ length: 1024 }, () => words(D, 0x7fffffff))),
  ],
  "System V objects, everything at its largest": [
    program(
      ...[MAX, 2n ** 63n, 2n ** 31n, 1n].flatMap((size) => [
        syscall(29, 0, size, 0o1777),
        syscall(64, 0, size, 0o1777),
      ]),
      syscall(68, 0, 0o1777),
      ...[D, D + 1, MAX, 2n ** 47n - 4096n, 2n ** 53n + 4096n, 0x7ffff0000000n].flatMap((at) =>
        [0, 0o20000, 0o60000, 0o170000].map((flags) => syscall(30, 0, at, flags)),
      ),
      syscall(69, 0, D, 8, 0),
      ...[2n ** 63n, MAX, 0n, 2n ** 63n - 1n].map((type) => syscall(70, 0, D + 4096, MAX >> 1n, type, 0o4000)),
      ...Array.from({ length: 24 }, (_, operation) =>
        [29 + 2, 66, 71].map((n) => syscall(n, 0, operation, D, D)),
      ).flat(),
      ...Array.from({ length: 24 }, (_, operation) => syscall(66, 0, 0, operation, MAX)),
      syscall(65, 0, D, 500),
      syscall(65, 0, D, MAX),
      syscall(220, 0, D, 500, D),
    ),
    words(2n ** 63n - 1n, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX, MAX),
  ],
  "terminals, every request on either side": [
    program(
      syscall(2, D, 2),
      syscall(16, 3, 0x4004_5431, D + 512),
      syscall(16, 3, 0x5441, 2),
      syscall(112),
      ...[3, 4].flatMap((fd) =>
        [
          ...Array.from({ length: 0x60 }, (_, i) => 0x5400 + i),
          0x802c_542a,
          0x402c_542b,
          0x402c_542d,
          0x8004_5438,
          0x4004_5436,
        ].flatMap((request) => [syscall(16, fd, request, D + 1024), syscall(16, fd, request, MAX)]),
      ),
      syscall(1, 3, D, 0xffff),
      syscall(1, 4, D, 0xffff),
      syscall(16, 3, 0x5441, MAX),
    ),
    Buffer.concat([path("/dev/ptmx"), Buffer.alloc(0x4000, 0xff)]),
  ],
  "xattr/inotify/etc": [
    program(
      ...[
        188, 191, 194, 197, 253, 254, 255, 282, 283, 286, 287, 289, 300, 301, 303, 304, 309, 312, 313, 314, 315, 317,
        321, 323, 324, 334,
      ].map((n) => syscall(n, D, D, D, D, D, D)),
    ),
    Buffer.alloc(0x9000, 0x61),
  ],
};

export function pointedAttacks(): Record<string, PointedAttack> {
  return Object.fromEntries(Object.entries(ATTACKS).map(([name, [code, data]]) => [name, { code, data }]));
}
