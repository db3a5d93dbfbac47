import type { Process } from "../process/process.ts";
import type { RunClock } from "./clock.ts";

/** A timer may wait for the time of day to pass, or for CPU time of a process to be used. */
export type TimerClock = "wall" | Process;

/** The armed timers of a run: interval timers, POSIX timers, timer descriptors. Times are milliseconds. */
export class TimerSet {
  readonly #armed = new Set<IntervalTimer>();
  readonly #clock: RunClock;

  constructor(clock: RunClock) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  get size(): number {
    return this.#armed.size;
  }

  watch(timer: IntervalTimer): void {
    if (timer.armed) this.#armed.add(timer);
    else this.#armed.delete(timer);
  }

  /** Fires what is due. */
  fire(nowMs: number): void {
    for (const timer of this.#armed) timer.fire(nowMs);
  }

  /** When the next timer is due that the passing of time alone brings on. */
  get nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const timer of this.#armed) if (timer.clock === "wall") next = Math.min(next, timer.deadlineMs);
    return next;
  }
}

/** A timer that expires once or again and again (setitimer(2), timer_settime(2), timerfd_settime(2)). */
export class IntervalTimer {
  readonly clock: TimerClock;
  readonly #set: TimerSet;
  /** Told how many intervals have passed since it was told last. */
  readonly #expired: (count: number) => void;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #intervalMs = 0;

  constructor(set: TimerSet, clock: TimerClock, expired: (count: number) => void) {
    this.#set = set;
    this.clock = clock;
    this.#expired = expired;
  }

  get armed(): boolean {
    return this.#deadlineMs !== Number.POSITIVE_INFINITY;
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** What its own clock shows. */
  get nowMs(): number {
    return this.clock === "wall" ? this.#set.nowMs : this.clock.cpuMs;
  }

  /** Time left, never 0 while armed; 0 when it is not. */
  get leftMs(): number {
    return this.armed ? Math.max(this.#deadlineMs - this.nowMs, 0.001) : 0;
  }

  /** Expires first at `deadlineMs` of its clock, then every `intervalMs` unless that is 0. */
  arm(deadlineMs: number, intervalMs: number): void {
    this.#deadlineMs = deadlineMs;
    this.#intervalMs = intervalMs;
    this.#set.watch(this);
  }

  disarm(): void {
    this.arm(Number.POSITIVE_INFINITY, 0);
  }

  fire(wallMs: number): void {
    const nowMs = this.clock === "wall" ? wallMs : this.clock.cpuMs;
    if (nowMs < this.#deadlineMs) return;
    const count = this.#intervalMs > 0 ? Math.floor((nowMs - this.#deadlineMs) / this.#intervalMs) + 1 : 1;
    if (this.#intervalMs > 0) this.#deadlineMs += count * this.#intervalMs;
    else this.disarm();
    this.#expired(count);
  }
}
