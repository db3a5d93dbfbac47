import { confineReads } from "./landlock.ts";
import { lockDownProcess } from "./process.ts";
import { forbidSystemCalls } from "./seccomp.ts";

/**
 * The cell's jail, the second wall behind the virtual machine: should code of the guest's choosing ever run in this process,
 * it can read what the guest may read anyway, and nothing more. Irrevocable; descriptors already open stay open. Node's
 * event loop uses io_uring, which would lead around the jail and is forbidden too: the process must never go back to its
 * loop, so it works synchronously and leaves by `process.exit`.
 * @param readable host paths that may be read from now on.
 * @returns the version of Landlock in force; 0 on a kernel without it, where reads are not confined.
 */
export function confineProcess(readable: readonly string[]): { readonly landlock: number } {
  // Without new privileges ruled out, the kernel lets only root confine itself.
  lockDownProcess();
  const landlock = confineReads(readable);
  forbidSystemCalls();
  return { landlock };
}
