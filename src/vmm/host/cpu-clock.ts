import { clockGettime, hostError, stableBytes } from "./libc.ts";

/** linux/time.h */
const CLOCK_THREAD_CPUTIME_ID = 3;

/** `struct timespec`, reused: the clock is read several times in each run. */
const time = stableBytes(16);
const words = new Uint32Array(time.buffer);

/**
 * Processor time that the calling thread has used, in milliseconds: in this process, in the host's kernel for it, and in
 * the virtual machine. It stands still while the host runs something else.
 */
export function threadCpuMs(): number {
  // SAFETY: one `struct timespec`, written during the call only (rule a).
  if (clockGettime(CLOCK_THREAD_CPUTIME_ID, time) !== 0) throw hostError("clock_gettime");
  // Seconds fit one word for 136 years of computing.
  return (words[0] as number) * 1000 + (words[2] as number) / 1e6;
}
