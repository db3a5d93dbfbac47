import { DirectoryFile } from "../files/inode-file.ts";
import { Open } from "../files/open-file.ts";
import type { Call } from "../syscalls/call.ts";
import { type SyscallName, syscallNumbers } from "../syscalls/names.ts";
import { OpenFlag } from "../vfs/index.ts";

/**
 * Calls that leave all as it is that the annex was told: names, attributes, contents, the directory that names start from,
 * who asks, which descriptor is which. After any other call the annex knows nothing any more. `close` is told apart.
 */
const HARMLESS: readonly SyscallName[] = [
  ...([
    "read",
    "readv",
    "pread64",
    "lseek",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
  ] as const),
  ...(["access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "close"] as const),
  ...(["getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getpgrp", "getgroups"] as const),
  ...(["brk", "mprotect", "futex", "rt_sigprocmask", "rt_sigaction", "set_robust_list", "rseq", "arch_prctl"] as const),
  ...([
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "wait4",
    "waitid",
    "sched_yield",
    "nanosleep",
    "clock_nanosleep",
  ] as const),
  ...(["clock_gettime", "gettimeofday", "time", "getrusage", "uname", "sysinfo", "getrandom", "fadvise64"] as const),
];

/** By number: 1 for harmless, 2 for what its arguments decide. */
const kinds = new Uint8Array(512);
const decided = new Map<number, (call: Call) => boolean>();
for (const [number, name] of syscallNumbers()) {
  if (HARMLESS.includes(name)) kinds[number] = 1;
  const decide = byArguments(name);
  if (decide === undefined) continue;
  kinds[number] = 2;
  decided.set(number, decide);
}

function byArguments(name: SyscallName): ((call: Call) => boolean) | undefined {
  switch (name) {
    case "open":
      return (call) => opensForReading(call.int(1));
    case "openat":
      return (call) => opensForReading(call.int(2));
    case "write":
    case "writev":
      return (call) => call.process.files.peek(call.int(0))?.seekable === false;
    case "fcntl":
      return (call) => HARMLESS_FCNTLS.has(call.int(1)) || duplicatesDirectory(call);
    case "mmap":
      return (call) => !call.kernel.hasSharedFiles && (call.int(3) & MAP_TYPE) === MAP_PRIVATE;
    case "munmap":
    case "madvise":
      return (call) => !call.kernel.hasSharedFiles;
    default:
      return undefined;
  }
}

/** asm-generic/mman-common.h. What is mapped over an old mapping ends that one: a shared one's end is a change of its file. */
const MAP_TYPE = 0xf;
const MAP_PRIVATE = 2;

/** F_GETFD, F_SETFD and F_GETFL (linux/fcntl.h). */
const HARMLESS_FCNTLS: ReadonlySet<number> = new Set([1, 2, 3]);
/** F_DUPFD and F_DUPFD_CLOEXEC. */
const DUPLICATING_FCNTLS: ReadonlySet<number> = new Set([0, 1030]);

/** The position of a directory, which two descriptors then share, is the host's alone. */
function duplicatesDirectory(call: Call): boolean {
  return DUPLICATING_FCNTLS.has(call.int(1)) && call.process.files.peek(call.int(0)) instanceof DirectoryFile;
}

function opensForReading(flags: number): boolean {
  return (flags & (Open.accessMode | Open.create | Open.truncate | OpenFlag.tmpfile)) === 0;
}

export function isHarmless(call: Call): boolean {
  const kind = kinds[call.number];
  return kind === 1 || (kind === 2 && decided.get(call.number)?.(call) === true);
}
