import type { Process } from "../process/process.ts";
import type { Stat } from "../vfs/index.ts";
import { anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/** A descriptor that stands for a process (pidfd_open(2)): readable once it has ended. */
export class PidFile extends OpenFile {
  readonly label = "anon_inode:[pidfd]";
  readonly process: Process;

  constructor(process: Process, flags: number) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.process = process;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  override poll(): number {
    return this.process.exit ? Poll.in | Poll.rdNorm : 0;
  }
}
