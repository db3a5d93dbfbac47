import { RECEIVING } from "../descriptor-channel.ts";
import { Request } from "../kvm-abi.ts";
import { Descriptor } from "../launcher/descriptors.ts";
import { allow, allowWhen, type CallRule, oneOf, onlyBits, refuse } from "./rules.ts";

/** asm-generic/errno-base.h */
const EACCES = 13;
const EINVAL = 22;

/** linux/fcntl.h */
const AT_FDCWD = 0xffff_ff9c;
/**
 * asm-generic/fcntl.h: O_NOCTTY, O_NONBLOCK, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC, O_PATH. Without O_WRONLY,
 * O_RDWR, O_CREAT and O_TRUNC nothing is changed by opening it, nor by what may be done with it afterwards.
 */
const READING = 0o400 | 0o4000 | 0o100000 | 0o200000 | 0o400000 | 0o2000000 | 0o10000000;

/** asm-generic/mman-common.h, linux/mman.h */
const PROTECTION = { none: 0, readWrite: 3, readWriteExecute: 7 } as const;
/** MAP_PRIVATE | MAP_ANONYMOUS, which must be set … */
const PRIVATE_MEMORY = 0x22;
/** … and MAP_FIXED, MAP_NORESERVE, MAP_STACK, MAP_FIXED_NOREPLACE, which may. */
const PLACEMENT = 0x10 | 0x4000 | 0x20000 | 0x100000;
/** DONTNEED, FREE, DONTFORK, HUGEPAGE, NOHUGEPAGE, DONTDUMP, POPULATE_WRITE. */
const ADVICE = [4, 8, 10, 14, 15, 16, 23];
const MREMAP_MAYMOVE = 1;

/**
 * linux/futex.h: WAIT, WAKE, WAIT_BITSET, WAKE_BITSET, by either clock, and FUTEX_PRIVATE_FLAG, without which a futex in a file
 * (the C library, say) is that of every process that has mapped it.
 */
const FUTEX_PRIVATE = 128;
const FUTEX_OPERATIONS = [0, 1, 9, 10].map((operation) => operation | FUTEX_PRIVATE);
const FUTEX_CLOCK_REALTIME = 256;

/** linux/time.h: the clocks of the system, of this process and this thread. Those of other processes are negative numbers. */
const CLOCKS = 15;

/** linux/prctl.h: names for mappings, which the C library and V8 give where the kernel knows them. */
const PR_SET_VMA = 0x5356_4d41;
const SIGABRT = 6;

const PROCESS_RUN = [
  // The most frequent first: it is looked for in this order.
  allowWhen(
    "ioctl",
    16,
    oneOf(
      1,
      Request.run,
      Request.setXsave,
      Request.getXsave,
      Request.setSregs,
      Request.getSregs,
      Request.getDirtyLog,
      Request.getVcpuEvents,
      Request.setVcpuEvents,
      Request.getTscKhz,
      // A rollback that has KVM begin anew takes its memory slot away and gives it back.
      Request.setUserMemoryRegion,
    ),
  ),
  allowWhen("futex", 202, { argument: 1, mask: ~FUTEX_CLOCK_REALTIME >>> 0, in: FUTEX_OPERATIONS }),
];

/** What is open already: the channel, files that were opened to be read, the event descriptors of Node's threads. */
const DESCRIPTORS = [
  allow("read", 0),
  allow("write", 1),
  allow("close", 3),
  allow("fstat", 5),
  allow("poll", 7),
  allow("pread64", 17),
  // The files of a layer, by the one channel that has nothing else to bring; whatever it sends goes nowhere.
  allowWhen("recvmsg", 47, oneOf(0, Descriptor.layers), oneOf(2, RECEIVING)),
  allow("writev", 20),
  allow("getdents64", 217),
  allow("epoll_wait", 232),
  allow("epoll_pwait", 281),
];

/** Files of the guest's tree, found one name at a time from a directory that was open before. */
const FILES: readonly CallRule[] = [
  {
    name: "openat",
    number: 257,
    cases: [
      // The C library's allocator looks for /proc/sys/vm/overcommit_memory before it gives memory back.
      { when: [onlyBits(2, READING), oneOf(0, AT_FDCWD)], action: { errno: EACCES } },
      { when: [onlyBits(2, READING)], action: "allow" },
    ],
    otherwise: "kill",
  },
  allow("readlinkat", 267),
  allow("statx", 332),
  allow("newfstatat", 262),
  // Node's realpath, for a mount that was replaced on the host.
  refuse("readlink", 89, EACCES),
];

/** Private memory only: no file is mapped any more, and nothing is shared. */
const MEMORY = [
  allowWhen(
    "mmap",
    9,
    { argument: 2, in: [PROTECTION.none, PROTECTION.readWrite], wide: true },
    { argument: 3, mask: ~PLACEMENT >>> 0, in: [PRIVATE_MEMORY], wide: true },
  ),
  // V8 makes its range for machine code executable at once (Node 24) or piece by piece (Node 22).
  allowWhen("mprotect", 10, { argument: 2, in: Object.values(PROTECTION), wide: true }),
  allow("munmap", 11),
  allow("brk", 12),
  allowWhen("mremap", 25, { argument: 3, in: [MREMAP_MAYMOVE], wide: true }),
  allowWhen("madvise", 28, oneOf(2, ...ADVICE)),
];

/** A process that asks about itself, waits, and ends. */
const ITSELF = [
  allow("rt_sigprocmask", 14),
  allow("rt_sigreturn", 15),
  allow("sched_yield", 24),
  allow("nanosleep", 35),
  allow("getpid", 39),
  allow("exit", 60),
  allow("gettimeofday", 96),
  allow("getrusage", 98),
  // pthread_getattr_np(3), by which V8's collector finds a thread's stack; it reads RLIMIT_STACK and sets nothing.
  allow("sched_getparam", 143),
  allow("sched_getscheduler", 145),
  allowWhen("prlimit64", 302, oneOf(0, 0), { argument: 2, in: [0], wide: true }),
  allow("gettid", 186),
  allow("time", 201),
  allow("sched_getaffinity", 204),
  allow("restart_syscall", 219),
  allow("timer_settime", 223),
  allowWhen("clock_gettime", 228, onlyBits(0, CLOCKS)),
  allowWhen("clock_getres", 229, onlyBits(0, CLOCKS)),
  allowWhen("clock_nanosleep", 230, onlyBits(0, CLOCKS)),
  allow("exit_group", 231),
  allow("getcpu", 309),
  allow("getrandom", 318),
];

/** What the builder of a template does besides, with the file it was given. */
export const IMAGE_CALLS: readonly CallRule[] = [allow("fsync", 74)];

/**
 * What a cell does once its machine exists, from recorded profiles of its whole work (docs of each call: section 2 of the
 * man pages). Whatever is not here ends the cell.
 * @param pid the cell's own process id, which it may abort.
 */
export function cellCalls(pid: number): readonly CallRule[] {
  return [
    ...PROCESS_RUN,
    ...DESCRIPTORS,
    ...FILES,
    ...MEMORY,
    ...ITSELF,
    // abort(3)
    allowWhen("tgkill", 234, oneOf(0, pid), oneOf(2, SIGABRT)),
    {
      name: "prctl",
      number: 157,
      cases: [{ when: [oneOf(0, PR_SET_VMA)], action: { errno: EINVAL } }],
      otherwise: "kill",
    },
  ];
}
