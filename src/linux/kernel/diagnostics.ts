/** Most names kept: a guest may try any number, and each is only counted once it is known. */
const NAMES_MAX = 64;

/** What a run tells about itself for whoever has to find out why a program misbehaves. */
export class Diagnostics {
  syscalls = 0;
  switches = 0;
  faults = 0;
  /** The system call in which something went wrong that the guest is not told as an errno, and whose it was. */
  failedIn: string | undefined;
  /** Why a run that was to be repeatable is not; undefined as long as it is. */
  notRepeatable: string | undefined;
  /** Calls of system calls the personality does not know, by name. */
  readonly unknownSyscalls = new Map<string, number>();

  /** Addresses the guest tried to reach, with how often. */
  readonly egressAttempts = new Map<string, number>();

  unknown(name: string): void {
    count(this.unknownSyscalls, name);
  }

  egress(address: string): void {
    count(this.egressAttempts, address);
  }
}

function count(counts: Map<string, number>, name: string): void {
  if (counts.size >= NAMES_MAX && !counts.has(name)) return;
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
