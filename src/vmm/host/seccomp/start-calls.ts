import { Descriptor } from "../launcher/descriptors.ts";
import { allow, allowWhen, type CallRule, oneOf, onlyBits, refuse } from "./rules.ts";

/** asm-generic/errno-base.h, asm-generic/errno.h */
const EEXIST = 17;
const ENOSYS = 38;

/** asm-generic/fcntl.h: O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND. */
const WRITING = 0o1 | 0o2 | 0o100 | 0o200 | 0o1000 | 0o2000;
/** linux/sched.h: what pthread_create(3) asks of clone(2). */
const THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000 | 0x100000 | 0x200000;

const reading = (name: string, number: number, flags: number): CallRule =>
  allowWhen(name, number, onlyBits(flags, ~WRITING >>> 0));

/**
 * What a cell may call from its first instruction on: what Node and this package need to start, without files that are
 * written, programs, processes, networks or other processes. Wider than it must be, because Node's start differs from
 * version to version; the strict list comes when the cell has loaded its template. A call not named here does not exist.
 * @param program address of the one path that may be executed: the launcher's own string.
 * @param writesFiles for the one that fills the compile cache.
 */
export function startCalls(program: number, writesFiles: boolean): readonly CallRule[] {
  return [
    // Node writes an entry of its compile cache beside its place, then renames it.
    ...(writesFiles ? ["open:2", "openat:257", "rename:82", "mkdir:83", "unlink:87", "pwritev:296"] : []),
    ...["read:0", "write:1", "close:3", "fstat:5", "poll:7", "lseek:8", "munmap:11", "brk:12", "rt_sigaction:13"],
    ...["rt_sigprocmask:14", "rt_sigreturn:15", "ioctl:16", "pread64:17", "pwrite64:18", "readv:19", "writev:20"],
    ...["access:21", "sched_yield:24", "mremap:25", "madvise:28", "dup:32", "dup2:33", "nanosleep:35", "getpid:39"],
    ...["getsockname:51", "getsockopt:55", "exit:60", "uname:63", "fcntl:72", "fsync:74", "ftruncate:77", "getcwd:79"],
    ...["chdir:80", "readlink:89", "gettimeofday:96", "getrlimit:97", "getrusage:98", "sysinfo:99", "getuid:102"],
    ...["getgid:104", "geteuid:107", "getegid:108", "getppid:110", "capget:125", "sigaltstack:131", "prctl:157"],
    ...["arch_prctl:158", "gettid:186", "time:201", "futex:202", "sched_getaffinity:204", "getdents64:217"],
    ...["set_tid_address:218", "restart_syscall:219", "timer_create:222", "timer_settime:223", "timer_delete:226"],
    ...["clock_gettime:228", "clock_getres:229", "clock_nanosleep:230", "exit_group:231", "epoll_wait:232"],
    ...["epoll_ctl:233", "tgkill:234", "newfstatat:262", "readlinkat:267", "set_robust_list:273", "epoll_pwait:281"],
    ...["eventfd2:290", "epoll_create1:291", "pipe2:293", "prlimit64:302", "getcpu:309", "seccomp:317"],
    ...["getrandom:318", "memfd_create:319", "statx:332", "rseq:334", "sched_getparam:143", "sched_getscheduler:145"],
    ...["landlock_create_ruleset:444", "landlock_add_rule:445", "landlock_restrict_self:446"],
  ]
    .map((entry) => entry.split(":") as [string, string])
    .map(([name, number]) => allow(name, Number(number)))
    .concat([
      // Libraries are mapped and V8 makes machine code: any protection, but nothing shared with a file that is written.
      allow("mmap", 9),
      allow("mprotect", 10),
      allowWhen("recvmsg", 47, oneOf(0, Descriptor.layers)),
      reading("open", 2, 1),
      reading("openat", 257, 2),
      allowWhen("clone", 56, onlyBits(0, THREAD)),
      allowWhen("execve", 59, { argument: 0, in: [program], wide: true }),
      // Its flags are in memory; told that it is missing, the C library uses clone.
      refuse("clone3", 435, ENOSYS),
      // Node makes the directory of its compile cache, which is there.
      refuse("mkdir", 83, EEXIST),
    ]);
}
