import { bit, SIGNAL_MAX, Signal, type SignalInfo } from "./signals.ts";

/** First real-time signal: from here on each one sent is queued (signal(7), "Real-time signals"). */
const REALTIME_START = 32;
/** Real-time signals and timers one run may have queued: RLIMIT_SIGPENDING (setrlimit(2)), which on Linux is per user. */
export const QUEUED_MAX = 4096;

/** Counts what all processes of a run have queued; timers reserve a place for their signal, as on Linux (timer_create(2)). */
export class SignalQuota {
  #used = 0;

  take(): boolean {
    if (this.#used >= QUEUED_MAX) return false;
    this.#used++;
    return true;
  }

  giveBack(count = 1): void {
    this.#used -= count;
  }
}

/** Signals a program causes itself by what it does: taken before all others, so that their context is the right one. */
const SYNCHRONOUS =
  bit(Signal.SIGSEGV) |
  bit(Signal.SIGBUS) |
  bit(Signal.SIGILL) |
  bit(Signal.SIGTRAP) |
  bit(Signal.SIGFPE) |
  bit(Signal.SIGSYS);

/** Signals sent and not yet delivered: a standard signal at most once, a real-time one as often as sent. */
export class PendingSignals {
  mask = 0n;
  readonly #queues = new Map<number, SignalInfo[]>();
  readonly #quota: SignalQuota;

  constructor(quota: SignalQuota) {
    this.#quota = quota;
  }

  /** False when a real-time signal found the queue full. */
  add(info: SignalInfo): boolean {
    const { signal } = info;
    const queue = this.#queues.get(signal);
    if (queue === undefined || queue.length === 0) {
      this.#queues.set(signal, [info]);
      this.mask |= bit(signal);
      return true;
    }
    if (signal < REALTIME_START) return true;
    if (!this.#quota.take()) return false;
    queue.push(info);
    return true;
  }

  has(signal: number): boolean {
    return (this.mask & bit(signal)) !== 0n;
  }

  /** Forgets every instance of the signals in this set. */
  discard(set: bigint): void {
    if (this.mask === 0n || (this.mask & set) === 0n) return;
    for (const [signal, queue] of this.#queues) {
      if ((set & bit(signal)) === 0n) continue;
      if (queue.length > 1) this.#quota.giveBack(queue.length - 1);
      queue.length = 0;
    }
    this.mask &= ~set;
  }

  /** Takes the next pending signal that is in `allowed`: synchronous ones first, then the lowest. */
  take(allowed: bigint): SignalInfo | undefined {
    const ready = this.mask & allowed;
    if (ready === 0n) return undefined;
    const wanted = (ready & SYNCHRONOUS) === 0n ? ready : ready & SYNCHRONOUS;
    for (let signal = 1; signal <= SIGNAL_MAX; signal++)
      if ((wanted & bit(signal)) !== 0n) return this.#takeFirst(signal);
    return undefined;
  }

  #takeFirst(signal: number): SignalInfo | undefined {
    const queue = this.#queues.get(signal);
    // The first of a kind is free: it is there for standard signals, too.
    if (queue !== undefined && queue.length > 1) this.#quota.giveBack();
    const info = queue?.shift();
    if (!queue?.length) this.mask &= ~bit(signal);
    return info?.taken ? info.taken() : info;
  }
}
