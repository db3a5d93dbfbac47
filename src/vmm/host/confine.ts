import { closeKvmDevice } from "./kvm.ts";
import { confineReads } from "./landlock.ts";
import { lockDownProcess } from "./process.ts";
import { allowOnlyCellCalls } from "./seccomp/install.ts";

/**
 * The cell's jail, the second wall behind the virtual machine: should code of the guest's choosing ever run in this process,
 * it can read what the guest may read anyway, and nothing more. Irrevocable; what is open and needed for runs stays open,
 * /dev/kvm does not. Any system call that a run does not need ends the process, those of Node's event loop and of its
 * leave-taking included: from now on it works synchronously and leaves by {@link exitProcess}.
 * @param readable host paths that may be read from now on.
 * @returns the version of Landlock in force; 0 on a kernel without it, where reads are not confined.
 */
export function confineProcess(readable: readonly string[]): { readonly landlock: number } {
  // Without new privileges ruled out, the kernel lets only root confine itself.
  lockDownProcess();
  closeKvmDevice();
  const landlock = confineReads(readable);
  allowOnlyCellCalls();
  return { landlock };
}
