import { addressOf, hostError, lastErrno, stableBytes, syscall } from "../libc.ts";
import { cellCalls, IMAGE_CALLS } from "./cell-calls.ts";
import { filterProgram } from "./filter.ts";

/** asm/unistd_64.h */
const SYS_SECCOMP = 317;
/** linux/seccomp.h */
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;

/** `struct sock_filter` is eight bytes long (linux/filter.h). */
const INSTRUCTION_BYTES = 8;

/**
 * Takes from this process, for good and in all its threads, every system call that a cell at work does not make
 * (seccomp(2)); making one kills it. New privileges must be ruled out before.
 */
export function allowOnlyCellCalls(options: { readonly writesImage: boolean }): void {
  const calls = options.writesImage ? [...cellCalls(process.pid), ...IMAGE_CALLS] : cellCalls(process.pid);
  const filter = filterProgram(calls, "kill");
  const code = stableBytes(filter.length);
  code.set(filter);
  // struct sock_fprog: count, padding, address of the instructions.
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, code.length / INSTRUCTION_BYTES, true);
  program.setBigUint64(8, addressOf(code), true);
  // SAFETY: the kernel copies program and instructions during the call (rule a for the first, b for the second).
  const failed = syscall(
    SYS_SECCOMP,
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC,
    new Uint8Array(program.buffer),
    0,
  );
  // A positive result is a thread that could not be brought under the filter.
  if (failed !== 0) throw hostError(failed > 0 ? `seccomp for thread ${failed}` : "seccomp", lastErrno());
}
