import { fail } from "../errno.ts";
import type { Process } from "../process/process.ts";
import { send } from "../signals/delivery.ts";
import { SiCode, Signal } from "../signals/signals.ts";
import type { Call } from "./call.ts";

/** RLIMIT_FSIZE (asm-generic/resource.h). */
const RLIMIT_FSIZE = 1;

/** The largest size this process may give a file, in bytes. */
export function fileSizeLimit(process: Process): number {
  return process.limits.get(RLIMIT_FSIZE)?.soft ?? Number.POSITIVE_INFINITY;
}

/** A file would grow beyond the limit: SIGXFSZ and EFBIG (setrlimit(2)). */
export function refuseFileSize(call: Call): never {
  send(
    call.process,
    { signal: Signal.SIGXFSZ, code: SiCode.user, pid: call.process.pid, uid: call.process.identity.user.real },
    call.task,
  );
  return fail("EFBIG");
}

/** For truncate and fallocate. */
export function checkFileSize(call: Call, sizeBytes: number): void {
  if (sizeBytes > fileSizeLimit(call.process)) refuseFileSize(call);
}
