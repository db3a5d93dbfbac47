import { IntervalTimer } from "../kernel/timers.ts";
import type { Kernel } from "../kernel.ts";
import { send } from "../signals/delivery.ts";
import { SiCode, Signal } from "../signals/signals.ts";
import type { Process } from "./process.ts";

/** Timers of setitimer(2) (linux/time.h): real time, CPU time in the program, CPU time in all. We count the two as one. */
export const ITimer = { real: 0, virtual: 1, profiling: 2 } as const;
const SIGNALS = [Signal.SIGALRM, Signal.SIGVTALRM, Signal.SIGPROF] as const;

/** The process's interval timer of this kind, made when first asked for. */
export function intervalTimer(kernel: Kernel, process: Process, which: number): IntervalTimer {
  const existing = process.intervalTimers[which];
  if (existing) return existing;
  const clock = which === ITimer.real ? "wall" : process;
  const timer = new IntervalTimer(kernel.timers, clock, () =>
    send(process, { signal: SIGNALS[which], code: SiCode.kernel }),
  );
  process.intervalTimers[which] = timer;
  return timer;
}

/** Ends everything that would still send signals to a process that is gone. */
export function disarmTimers(process: Process): void {
  for (const timer of process.intervalTimers) timer?.disarm();
  process.cpuLimitTimer?.disarm();
  dropPosixTimers(process);
}

/** Ends the timers of timer_create(2), as exit and execve do. */
export function dropPosixTimers(process: Process): void {
  for (const id of process.posixTimers.keys()) dropPosixTimer(process, id);
}

export function dropPosixTimer(process: Process, id: number): void {
  process.posixTimers.get(id)?.timer.disarm();
  if (process.posixTimers.delete(id)) process.signalQuota.giveBack();
}
