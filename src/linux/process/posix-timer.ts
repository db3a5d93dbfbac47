import type { IntervalTimer } from "../kernel/timers.ts";
import { send } from "../signals/delivery.ts";
import { SiCode, type SignalInfo } from "../signals/signals.ts";
import type { Process } from "./process.ts";
import type { Task } from "./task.ts";

/** Timers one process may have (RLIMIT_SIGPENDING bounds them on Linux). */
export const POSIX_TIMERS_MAX = 1024;
/** Most overruns reported (DELAYTIMER_MAX, limits.h). */
const OVERRUN_MAX = 0x7fff_ffff;

/** What a timer does when it expires (sigevent(3type)): nothing, or a signal to the process or to one thread. */
export interface TimerEvent {
  readonly signal: number;
  readonly value: bigint;
  readonly task: Task | undefined;
}

/** A timer of timer_create(2). While its signal waits to be taken, further expirations only count as overruns. */
export class PosixTimer {
  readonly id: number;
  readonly timer: IntervalTimer;
  readonly #process: Process;
  readonly #event: TimerEvent | undefined;
  /** Expirations since the signal was sent that is still pending; 0 when none is. */
  #waiting = 0;
  overrun = 0;

  constructor(
    id: number,
    process: Process,
    event: TimerEvent | undefined,
    timer: (expired: (count: number) => void) => IntervalTimer,
  ) {
    this.id = id;
    this.#process = process;
    this.#event = event;
    this.timer = timer((count) => this.#expired(count));
  }

  /** A timer set anew starts without overruns. */
  reset(): void {
    this.#waiting = 0;
    this.overrun = 0;
  }

  #expired(count: number): void {
    if (!this.#event) return;
    const isPending = this.#waiting > 0;
    this.#waiting += count;
    if (isPending) return;
    const { signal, task } = this.#event;
    send(this.#process, { signal, code: SiCode.timer, taken: () => this.#taken() }, task);
  }

  #taken(): SignalInfo {
    this.overrun = Math.min(Math.max(this.#waiting - 1, 0), OVERRUN_MAX);
    this.#waiting = 0;
    const { signal, value } = this.#event ?? { signal: 0, value: 0n };
    return { signal, code: SiCode.timer, pid: this.id, uid: this.overrun, value };
  }
}
