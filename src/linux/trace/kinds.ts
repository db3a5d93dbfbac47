import type { SyscallName } from "../syscalls/names.ts";

/**
 * What an argument is, for showing it. Those that begin with `out-` are filled in by the call, and read when it has succeeded.
 * A buffer's length is the argument behind it; what was moved into it is the call's result.
 */
export type Kind =
  | FlagKind
  | NameKind
  | "int"
  | "size"
  | "offset"
  | "octal"
  /** The mode of a file that is made, which counts only beside O_CREAT (openat) */
  | "create-mode"
  | "pointer"
  | "descriptor"
  | "directory"
  | "path"
  | "strings"
  | "environment"
  | "bytes"
  | "out-bytes"
  | "vectors"
  | "out-vectors"
  | "address"
  | "out-int"
  | "out-pair"
  | "out-path"
  | "timespec"
  | "poll-set";

/** Bits with names, and numbers with names: flags.ts has them. */
export type FlagKind =
  | "open-flags"
  | "at-flags"
  | "protection"
  | "map-flags"
  | "clone-flags"
  | "message-flags"
  | "pipe-flags"
  | "wait-flags"
  | "access-mode"
  | "unmount-flags";
export type NameKind =
  | "whence"
  | "signal"
  | "family"
  | "socket-type"
  | "futex-operation"
  | "fcntl-command"
  | "clock"
  | "resource"
  | "advice"
  | "epoll-operation"
  | "ioctl-request"
  | "level"
  | "shutdown-how"
  | "mask-how"
  | "prctl-operation"
  | "arch-operation";

/** What kind of thing a call is about, for choosing calls. */
export const CALL_FAMILIES = [
  "file",
  "descriptor",
  "network",
  "process",
  "memory",
  "signal",
  "ipc",
  "time",
  "other",
] as const;
export type CallFamily = (typeof CALL_FAMILIES)[number];

export type Signatures = Readonly<Partial<Record<SyscallName, readonly Kind[]>>>;
