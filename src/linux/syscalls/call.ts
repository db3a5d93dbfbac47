import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { PATH_MAX } from "../limits.ts";
import type { UserMemory } from "../memory/user-memory.ts";
import type { Process } from "../process/process.ts";
import type { Task } from "../process/task.ts";
import type { Location } from "../vfs/index.ts";
import type { SyscallName } from "./names.ts";
import type { Described } from "./standing.ts";

/** Returned by a handler that set the registers itself (execve, rt_sigreturn, exit). */
export const REGISTERS_SET = Number.POSITIVE_INFINITY;

/** "The current directory" as a directory descriptor (linux/fcntl.h). */
export const AT_FDCWD = -100;

/** Answers one system call: the value for RAX, {@link BLOCKED} or {@link REGISTERS_SET}; failures are thrown as LinuxError. */
export type SyscallHandler = (call: Call) => number;
/** Handlers by name; each family of calls is one such table. */
export type SyscallTable = Readonly<Partial<Record<SyscallName, SyscallHandler | Described>>>;

/** When a sleeping call may go on, and what a signal does to it. */
export interface Wait {
  /** True when the call should be made again. Must be cheap: it is asked after every event. */
  readonly ready: () => boolean;
  /** Monotonic time in milliseconds at which the call is made again at the latest. */
  readonly deadlineMs: number;
  /** Whether a handler installed with SA_RESTART makes the call again rather than fail with EINTR (signal(7)). */
  readonly restartable: boolean;
  /** Called when a handler is about to run: tidies up, and says what the call returns instead of EINTR, unless it is made again. */
  readonly interrupted?: (() => number) | undefined;
  /** Called when the task ends while it waits: takes back what the call had begun. */
  readonly abandoned?: (() => void) | undefined;
  /** Set when only the end of the process may end the wait (vfork(2)). */
  readonly uninterruptible?: boolean | undefined;
}

/** One system call in progress: its arguments, read as the types the manual gives them, and who makes it. */
export class Call {
  readonly kernel: Kernel;
  readonly task: Task;
  readonly number: number;
  /** Low and high halves of the six arguments. */
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** What a blocked call remembers between its tries, such as its deadline. */
  memo: unknown = undefined;

  constructor(kernel: Kernel, task: Task, number: number, low: Uint32Array, high: Uint32Array) {
    this.kernel = kernel;
    this.task = task;
    this.number = number;
    this.#low = low;
    this.#high = high;
  }

  get process(): Process {
    return this.task.process;
  }

  get memory(): UserMemory {
    return this.task.process.memory.user;
  }

  /** What the call computes at its first try and keeps over the later ones. */
  remember<T>(compute: () => T): T {
    if (this.memo === undefined) this.memo = compute();
    return this.memo as T;
  }

  /** Argument as C `int`. */
  int(index: number): number {
    return this.#low[index] | 0;
  }

  /** Argument as C `unsigned int`. */
  uint(index: number): number {
    return this.#low[index];
  }

  /** Argument as an unsigned 64-bit number; exact below 2^53, which covers every valid address and size. */
  unsigned(index: number): number {
    return this.#high[index] * 0x1_0000_0000 + this.#low[index];
  }

  /** Argument as a signed 64-bit number; exact within ±2^53. */
  signed(index: number): number {
    return (this.#high[index] | 0) * 0x1_0000_0000 + this.#low[index];
  }

  /** Argument bit for bit. */
  bits(index: number): bigint {
    return (BigInt(this.#high[index]) << 32n) | BigInt(this.#low[index]);
  }

  /** The path string at the address in this argument, as a byte string: EFAULT, ENAMETOOLONG. */
  path(index: number): string {
    return this.memory.readString(this.unsigned(index), PATH_MAX) ?? fail("ENAMETOOLONG");
  }

  /** Where a relative path given with this directory descriptor starts: EBADF, ENOTDIR. */
  directory(index: number, path: string): Location {
    if (path.startsWith("/")) return this.process.fs.root;
    const descriptor = this.int(index);
    if (descriptor === AT_FDCWD) return this.process.fs.cwd;
    const { location } = this.process.files.get(descriptor);
    return location ?? fail("ENOTDIR");
  }

  /**
   * Puts the task to sleep and says so: `return call.block(...)`.
   * @param ready true when the call should be tried again
   */
  block(ready: () => boolean, options: Partial<Omit<Wait, "ready">> = {}): number {
    this.task.wait = {
      ...options,
      ready,
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      restartable: options.restartable ?? true,
    };
    return BLOCKED;
  }
}
