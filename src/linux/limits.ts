import { OutOfGuestMemory, OutOfPageTables } from "../vmm/index.ts";

/** What one run may use. Reaching a limit ends the run with that limit as its reason. */
export interface RunLimits {
  /** Wall-clock time from the start of the run, in milliseconds. */
  readonly wallMs: number;
  /** CPU time that the guest's code and its system calls take, summed over its processes, in milliseconds. */
  readonly cpuMs: number;
  /** Guest memory, page tables and page cache included, in bytes. */
  readonly memoryBytes: number;
  /** Processes and threads alive at once. */
  readonly processes: number;
  /** Open file descriptions, over all processes. */
  readonly openFiles: number;
  /** Bytes held by files the run wrote, over all mounts. */
  readonly overlayBytes: number;
  /** Bytes written to standard output and standard error together. */
  readonly outputBytes: number;
}

export type LimitName = "wall" | "cpu" | "memory" | "processes" | "files" | "overlay" | "output" | "names";

/** Room for an ordinary tool call (a test suite, a PDF, a small build), small enough that a dozen cells fit a laptop. */
export const DEFAULT_LIMITS: RunLimits = {
  wallMs: 30_000,
  cpuMs: 30_000,
  memoryBytes: 512 * 1024 * 1024,
  processes: 64,
  openFiles: 1024,
  overlayBytes: 256 * 1024 * 1024,
  outputBytes: 8 * 1024 * 1024,
};

/** Thrown anywhere in the personality when the run has used up a limit; ends the run. */
export class LimitReached {
  readonly limit: LimitName;
  constructor(limit: LimitName) {
    this.limit = limit;
  }
}

/** Exhausted guest memory or page tables, wherever noticed, are a limit of the run; every other error stays what it is. */
export function asLimit(error: unknown): unknown {
  return error instanceof OutOfGuestMemory || error instanceof OutOfPageTables ? new LimitReached("memory") : error;
}

/** Longest argument plus environment block execve accepts (a quarter of the 8 MB stack, as on Linux; execve(2)). */
export const ARGUMENT_BYTES_MAX = 2 * 1024 * 1024;
/** Longest single argument string (MAX_ARG_STRLEN, linux/binfmts.h: 32 pages). */
export const ARGUMENT_STRING_MAX = 131_072;
/** Longest path, with its terminating null (PATH_MAX, linux/limits.h). */
export const PATH_MAX = 4096;
/** Most buffers one readv or writev takes (UIO_MAXIOV, linux/uio.h). */
export const IOV_MAX = 1024;
/** Most bytes one read or write moves (MAX_RW_COUNT, linux/fs.h). */
export const TRANSFER_MAX = 0x7ffff000;
/** Mappings one address space may have (vm.max_map_count, Documentation/admin-guide/sysctl/vm.rst). */
export const MAPPINGS_MAX = 65_530;
