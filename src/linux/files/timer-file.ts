import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import type { IntervalTimer } from "../kernel/timers.ts";
import type { Stat } from "../vfs/index.ts";
import { anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/** A timer that is read (timerfd_create(2)): each read gives the expirations since the last. */
export class TimerFile extends OpenFile {
  readonly label = "anon_inode:[timerfd]";
  readonly timer: IntervalTimer;
  readonly clock: number;
  #expirations = 0;
  #total = 0;

  constructor(clock: number, flags: number, timer: (expired: (count: number) => void) => IntervalTimer) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.clock = clock;
    this.timer = timer((count) => {
      this.#expirations += count;
      this.#total += count;
    });
  }

  /** A timer set anew has not expired yet. */
  reset(): void {
    this.#expirations = 0;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  override get movesRecords(): boolean {
    return true;
  }

  override read(into: Uint8Array): number {
    if (into.length < 8) fail("EINVAL");
    if (this.#expirations === 0) return BLOCKED;
    Buffer.from(into.buffer, into.byteOffset, 8).writeBigUInt64LE(BigInt(this.#expirations));
    this.#expirations = 0;
    return 8;
  }

  override activity(): number {
    return this.#total;
  }

  override poll(): number {
    return this.#expirations > 0 ? Poll.in : 0;
  }

  protected override closed(): void {
    this.timer.disarm();
  }
}
