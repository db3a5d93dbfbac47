import { closeKvmDevice } from "./kvm.ts";
import { confineReads } from "./landlock.ts";
import { limitResource, lockDownProcess, Resource } from "./process.ts";
import { allowOnlyCellCalls } from "./seccomp/install.ts";

export interface ConfineOptions {
  /** Host paths that may be read from now on. */
  readonly readable: readonly string[];
  /** A template's builder still writes its image, to a file that is open. */
  readonly writesImage?: boolean;
}

/**
 * The cell's jail, the second wall behind the virtual machine: should code of the guest's choosing ever run in this process,
 * it can read what the guest may read anyway, and nothing more. Irrevocable; what is open and needed for runs stays open,
 * /dev/kvm does not. Any system call that a run does not need ends the process, those of Node's event loop and of its
 * leave-taking included: from now on it works synchronously and leaves by {@link exitProcess}.
 * @returns the version of Landlock in force; 0 on a kernel without it, where reads are not confined.
 */
export function confineProcess({ readable, writesImage = false }: ConfineOptions): { readonly landlock: number } {
  // Without new privileges ruled out, the kernel lets only root confine itself.
  lockDownProcess();
  closeKvmDevice();
  // No file grows any more. RLIMIT_NPROC stays: at the first KVM_RUN newer kernels make a thread of their own in the process.
  if (!writesImage) limitResource(Resource.fileSize, 0);
  const landlock = confineReads(readable);
  allowOnlyCellCalls({ writesImage });
  return { landlock };
}
