/** The clocks of one run: the host's, or counted time. */
export type RunClock = HostClock | VirtualClock;

interface Clock {
  /** True when time is counted and not measured. */
  readonly isVirtual: boolean;
  /** What to add to the monotonic clock for the date, in nanoseconds. */
  readonly realtimeOffsetNs: bigint;
  /** The scheduler's time in milliseconds, which deadlines are in. */
  nowMs(): number;
  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonicNs(): bigint;
  /** CLOCK_REALTIME in nanoseconds since the epoch. */
  realtimeNs(): bigint;
  /** Told of each system call. */
  tick(): void;
  /** Told that nothing happens before this scheduler's time. True when there is nothing to wait for then. */
  skipTo(ms: number): boolean;
}

/** The host's clocks, read once for the distance between them, so that a step of the host's date is none in the run. */
export class HostClock implements Clock {
  readonly isVirtual = false as const;
  readonly realtimeOffsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

  nowMs(): number {
    return performance.now();
  }

  monotonicNs(): bigint {
    return process.hrtime.bigint();
  }

  realtimeNs(): bigint {
    return this.realtimeOffsetNs + process.hrtime.bigint();
  }

  tick(): void {}

  skipTo(_ms: number): boolean {
    return false;
  }
}

/** What a system call takes: about what one costs on a nested host, so that programs which watch a clock take as long as there. */
const CALL_NS = 100_000;
/**
 * The guest's machine seems to have been started then, 2023-11-14 22:13:20 UTC: longer ago than hosts stay up, as a program in a
 * template knows the monotonic clock of the host that made it, and that clock must not go back.
 */
const STARTED_MS = 1_700_000_000_000;
/** For runs that are to take place before. */
const UPTIME_MS_MIN = 1_000_000;

/**
 * Time that is counted: it moves with each system call, and over pauses at once. Two runs of the same program from the same
 * state see the same times.
 */
export class VirtualClock implements Clock {
  readonly isVirtual = true as const;
  readonly realtimeOffsetNs: bigint;
  readonly #startNs: bigint;
  /** Since the start; exact up to 2^53, a hundred days. */
  #elapsedNs = 0;
  #spentNs = 0;
  #skippedNs = 0;

  /** @param clockMs the date at the start, milliseconds since 1970 */
  constructor(clockMs: number) {
    this.#startNs = BigInt(Math.max(clockMs - STARTED_MS, UPTIME_MS_MIN)) * 1_000_000n;
    this.realtimeOffsetNs = BigInt(clockMs) * 1_000_000n - this.#startNs;
  }

  nowMs(): number {
    return this.#elapsedNs / 1e6;
  }

  monotonicNs(): bigint {
    return this.#startNs + BigInt(this.#elapsedNs);
  }

  realtimeNs(): bigint {
    return this.realtimeOffsetNs + this.monotonicNs();
  }

  tick(): void {
    this.pass(CALL_NS / 1e6);
  }

  /** How many calls leave it before this scheduler's time, if not more than so many. */
  callsBefore(ms: number, callsMax: number): number {
    let calls = Math.min(Math.max(Math.ceil((ms * 1e6 - this.#elapsedNs) / CALL_NS) - 1, 0), callsMax);
    // In the very numbers that will be compared: milliseconds are rounded.
    while (calls > 0 && (this.#elapsedNs + calls * CALL_NS) / 1e6 >= ms) calls--;
    return calls;
  }

  /** Lets time pass that the guest used. */
  pass(ms: number): void {
    const ns = Math.ceil(ms * 1e6);
    this.#elapsedNs += ns;
    this.#spentNs += ns;
  }

  skipTo(ms: number): boolean {
    // Rounded up, so that what was waited for is due.
    const skippedNs = Math.max(Math.ceil(ms * 1e6) - this.#elapsedNs, 0);
    this.#elapsedNs += skippedNs;
    this.#skippedNs += skippedNs;
    return true;
  }

  /** The pauses so far, in milliseconds. */
  get skippedMs(): number {
    return this.#skippedNs / 1e6;
  }

  /** The time so far without pauses, in milliseconds. */
  get usedMs(): number {
    return (this.#elapsedNs - this.#skippedNs) / 1e6;
  }

  /** Time used since this was asked last, in milliseconds; pauses are not. */
  takeSpentMs(): number {
    const ms = this.#spentNs / 1e6;
    this.#spentNs = 0;
    return ms;
  }
}
