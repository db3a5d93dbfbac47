/** The clocks of one run: the host's, read once for the distance between them, so that a step of the host's date is none in the run. */
export class RunClock {
  /** What to add to the monotonic clock for the date, in nanoseconds. */
  readonly realtimeOffsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

  /** CLOCK_MONOTONIC in nanoseconds; the host's own. */
  monotonicNs(): bigint {
    return process.hrtime.bigint();
  }

  /** CLOCK_REALTIME in nanoseconds since the epoch. */
  realtimeNs(): bigint {
    return this.realtimeOffsetNs + process.hrtime.bigint();
  }
}
