import { Signal } from "../signals/signals.ts";
import type { FlagKind, NameKind } from "./kinds.ts";

type Numbers = Readonly<Record<string, number>>;

/** Bits by name; the first one with value zero stands for none of them. */
export const FLAGS: Readonly<Record<FlagKind, Numbers>> = {
  // asm-generic/fcntl.h; the two lowest bits are a number (arguments.ts).
  "open-flags": {
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_TRUNC: 0o1000,
    O_APPEND: 0o2000,
    O_NONBLOCK: 0o4000,
    O_SYNC: 0o4010000,
    O_DSYNC: 0o10000,
    O_ASYNC: 0o20000,
    O_DIRECT: 0o40000,
    O_LARGEFILE: 0o100000,
    O_TMPFILE: 0o20200000,
    O_DIRECTORY: 0o200000,
    O_NOFOLLOW: 0o400000,
    O_NOATIME: 0o1000000,
    O_CLOEXEC: 0o2000000,
    O_PATH: 0o10000000,
  },
  // linux/fcntl.h
  "at-flags": {
    AT_SYMLINK_NOFOLLOW: 0x100,
    AT_EACCESS: 0x200,
    AT_SYMLINK_FOLLOW: 0x400,
    AT_NO_AUTOMOUNT: 0x800,
    AT_EMPTY_PATH: 0x1000,
  },
  // asm-generic/mman-common.h
  protection: { PROT_NONE: 0, PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4, PROT_GROWSDOWN: 0x0100_0000 },
  // linux/mman.h, asm-generic/mman.h; MAP_SHARED_VALIDATE is both low bits.
  "map-flags": {
    MAP_SHARED_VALIDATE: 3,
    MAP_SHARED: 1,
    MAP_PRIVATE: 2,
    MAP_FIXED: 0x10,
    MAP_ANONYMOUS: 0x20,
    MAP_GROWSDOWN: 0x100,
    MAP_DENYWRITE: 0x800,
    MAP_LOCKED: 0x2000,
    MAP_NORESERVE: 0x4000,
    MAP_POPULATE: 0x8000,
    MAP_STACK: 0x2_0000,
    MAP_HUGETLB: 0x4_0000,
    MAP_FIXED_NOREPLACE: 0x10_0000,
  },
  // linux/sched.h; the low byte is a signal (arguments.ts).
  "clone-flags": {
    CLONE_VM: 0x100,
    CLONE_FS: 0x200,
    CLONE_FILES: 0x400,
    CLONE_SIGHAND: 0x800,
    CLONE_PIDFD: 0x1000,
    CLONE_VFORK: 0x4000,
    CLONE_PARENT: 0x8000,
    CLONE_THREAD: 0x1_0000,
    CLONE_NEWNS: 0x2_0000,
    CLONE_SYSVSEM: 0x4_0000,
    CLONE_SETTLS: 0x8_0000,
    CLONE_PARENT_SETTID: 0x10_0000,
    CLONE_CHILD_CLEARTID: 0x20_0000,
    CLONE_CHILD_SETTID: 0x100_0000,
    CLONE_NEWCGROUP: 0x200_0000,
    CLONE_NEWUTS: 0x400_0000,
    CLONE_NEWIPC: 0x800_0000,
    CLONE_NEWUSER: 0x1000_0000,
    CLONE_NEWPID: 0x2000_0000,
    CLONE_NEWNET: 0x4000_0000,
  },
  // linux/socket.h
  "message-flags": {
    MSG_OOB: 1,
    MSG_PEEK: 2,
    MSG_DONTROUTE: 4,
    MSG_CTRUNC: 8,
    MSG_TRUNC: 0x20,
    MSG_DONTWAIT: 0x40,
    MSG_EOR: 0x80,
    MSG_WAITALL: 0x100,
    MSG_ERRQUEUE: 0x2000,
    MSG_NOSIGNAL: 0x4000,
    MSG_MORE: 0x8000,
    MSG_CMSG_CLOEXEC: 0x4000_0000,
  },
  // asm-generic/fcntl.h: of pipe2, dup3, eventfd2, epoll_create1, inotify_init1 and accept4 alike
  "pipe-flags": { EFD_SEMAPHORE: 1, O_NONBLOCK: 0o4000, O_DIRECT: 0o40000, O_CLOEXEC: 0o2000000 },
  // linux/wait.h
  "wait-flags": {
    WNOHANG: 1,
    WUNTRACED: 2,
    WEXITED: 4,
    WCONTINUED: 8,
    WNOWAIT: 0x0100_0000,
    __WALL: 0x4000_0000,
    __WCLONE: 0x8000_0000,
  },
  // unistd.h
  "access-mode": { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 },
  // linux/fs.h
  "unmount-flags": { MNT_FORCE: 1, MNT_DETACH: 2, MNT_EXPIRE: 4, UMOUNT_NOFOLLOW: 8 },
};

const named = (names: string): Numbers =>
  Object.fromEntries(names.split(" ").flatMap((name, number) => (name === "-" ? [] : [[name, number]])));

/** Numbers by name. */
export const NAMES: Readonly<Record<NameKind, Numbers>> = {
  // linux/fs.h
  whence: named("SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE"),
  signal: Signal,
  // linux/socket.h
  family: { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_VSOCK: 40 },
  // linux/net.h; flags in the higher bits (arguments.ts)
  "socket-type": named("- SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET"),
  // linux/futex.h; flags in the higher bits
  "futex-operation": named(
    "FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2",
  ),
  // asm-generic/fcntl.h, linux/fcntl.h
  "fcntl-command": {
    ...named(
      "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN F_SETSIG F_GETSIG - - - F_SETOWN_EX F_GETOWN_EX",
    ),
    F_OFD_GETLK: 36,
    F_OFD_SETLK: 37,
    F_OFD_SETLKW: 38,
    F_SETLEASE: 1024,
    F_GETLEASE: 1025,
    F_NOTIFY: 1026,
    F_DUPFD_CLOEXEC: 1030,
    F_SETPIPE_SZ: 1031,
    F_GETPIPE_SZ: 1032,
    F_ADD_SEALS: 1033,
    F_GET_SEALS: 1034,
  },
  // linux/time.h
  clock: named(
    "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM - CLOCK_TAI",
  ),
  // asm-generic/resource.h
  resource: named(
    "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME",
  ),
  // asm-generic/mman-common.h
  advice: {
    ...named("MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED - - - MADV_FREE MADV_REMOVE"),
    ...{ MADV_DONTFORK: 10, MADV_DOFORK: 11, MADV_MERGEABLE: 12, MADV_UNMERGEABLE: 13, MADV_HUGEPAGE: 14 },
    ...{ MADV_NOHUGEPAGE: 15, MADV_DONTDUMP: 16, MADV_DODUMP: 17, MADV_WIPEONFORK: 18, MADV_KEEPONFORK: 19 },
    ...{ MADV_COLD: 20, MADV_PAGEOUT: 21, MADV_POPULATE_READ: 22, MADV_POPULATE_WRITE: 23, MADV_DONTNEED_LOCKED: 24 },
  },
  // linux/eventpoll.h
  "epoll-operation": named("- EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD"),
  // asm-generic/ioctls.h, linux/sockios.h
  "ioctl-request": {
    ...{ TCGETS: 0x5401, TCSETS: 0x5402, TCSETSW: 0x5403, TCSETSF: 0x5404, TIOCSCTTY: 0x540e, TIOCGPGRP: 0x540f },
    ...{ TIOCSPGRP: 0x5410, TIOCGWINSZ: 0x5413, TIOCSWINSZ: 0x5414, FIONREAD: 0x541b, FIONBIO: 0x5421 },
    ...{ TIOCNOTTY: 0x5422, FIONCLEX: 0x5450, FIOCLEX: 0x5451, FICLONE: 0x4004_9409, TIOCGPTN: 0x8004_5430 },
    ...{ TIOCSPTLCK: 0x4004_5431, TIOCGPTPEER: 0x5441, SIOCGIFCONF: 0x8912, SIOCGIFFLAGS: 0x8913 },
  },
  // linux/in.h, linux/socket.h
  level: { SOL_IP: 0, SOL_SOCKET: 1, SOL_TCP: 6, SOL_UDP: 17, SOL_IPV6: 41, SOL_NETLINK: 270 },
  "shutdown-how": named("SHUT_RD SHUT_WR SHUT_RDWR"),
  // asm-generic/signal-defs.h
  "mask-how": named("SIG_BLOCK SIG_UNBLOCK SIG_SETMASK"),
  // linux/prctl.h
  "prctl-operation": {
    ...{ PR_SET_PDEATHSIG: 1, PR_GET_PDEATHSIG: 2, PR_GET_DUMPABLE: 3, PR_SET_DUMPABLE: 4, PR_SET_NAME: 15 },
    ...{ PR_GET_NAME: 16, PR_GET_SECCOMP: 21, PR_SET_SECCOMP: 22, PR_CAPBSET_READ: 23, PR_CAPBSET_DROP: 24 },
    ...{ PR_GET_SECUREBITS: 27, PR_SET_SECUREBITS: 28, PR_SET_TIMERSLACK: 29, PR_GET_TIMERSLACK: 30 },
    ...{ PR_SET_MM: 35, PR_SET_CHILD_SUBREAPER: 36, PR_GET_CHILD_SUBREAPER: 37, PR_SET_NO_NEW_PRIVS: 38 },
    ...{ PR_GET_NO_NEW_PRIVS: 39, PR_SET_THP_DISABLE: 41, PR_CAP_AMBIENT: 47, PR_SET_VMA: 0x53564d41 },
  },
  // asm/prctl.h
  "arch-operation": { ARCH_SET_GS: 0x1001, ARCH_SET_FS: 0x1002, ARCH_GET_FS: 0x1003, ARCH_GET_GS: 0x1004 },
};
