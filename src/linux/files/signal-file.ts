import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import type { Task } from "../process/task.ts";
import { encodeSignalfdInfo, SIGNALFD_INFO_BYTES } from "../signals/signalfd-info.ts";
import type { Stat } from "../vfs/index.ts";
import { anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/** Signals taken by reading (signalfd(2)): those of whoever reads. */
export class SignalFile extends OpenFile {
  readonly label = "anon_inode:[signalfd]";
  /** Which signals it gives. */
  mask: bigint;
  readonly #reader: () => Task | undefined;

  constructor(mask: bigint, flags: number, reader: () => Task | undefined) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.mask = mask;
    this.#reader = reader;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  override get movesRecords(): boolean {
    return true;
  }

  override read(into: Uint8Array): number {
    const task = this.#reader();
    if (into.length < SIGNALFD_INFO_BYTES || !task) return fail("EINVAL");
    let done = 0;
    while (done + SIGNALFD_INFO_BYTES <= into.length) {
      const info = task.pending.take(this.mask) ?? task.process.pending.take(this.mask);
      if (!info) break;
      into.set(encodeSignalfdInfo(info), done);
      done += SIGNALFD_INFO_BYTES;
    }
    return done === 0 ? BLOCKED : done;
  }

  override poll(): number {
    const task = this.#reader();
    const pending = task ? task.pending.mask | task.process.pending.mask : 0n;
    return (pending & this.mask) === 0n ? 0 : Poll.in;
  }
}
