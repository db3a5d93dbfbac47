/** One system call of the guest's, as text. What is quoted in it are the guest's own bytes. */
export interface TracedCall {
  /** When it was made, in milliseconds since the run began, on the run's own clock, and how long it took until it returned. */
  readonly startMs: number;
  readonly tookMs: number;
  /** Of the process, and of the thread that made it. */
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  /** In the order of the manual, buffers cut, without control characters. */
  readonly args: string;
  /** A number, an address, `-1 ENOENT`, or `?` with a reason for a call that did not return. */
  readonly result: string;
  /** Set when it is ztl that keeps the program from it: refused and why, or not known. */
  readonly note?: string;
}

/** Longest text of a call's arguments that is handed on; with the bounds of its parts only few come near. */
export const ARGUMENTS_UNITS_MAX = 2048;
/** Names that are counted: all there are (syscalls/names.ts) and some that are not. */
export const COUNTED_NAMES_MAX = 512;
