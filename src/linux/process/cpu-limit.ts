import { IntervalTimer } from "../kernel/timers.ts";
import type { Kernel } from "../kernel.ts";
import { send } from "../signals/delivery.ts";
import { SiCode, Signal } from "../signals/signals.ts";
import type { Process } from "./process.ts";

/** RLIMIT_CPU (asm-generic/resource.h), in seconds. */
const RLIMIT_CPU = 0;

/** Sends SIGXCPU once a second from the soft limit on, and SIGKILL at the hard one (setrlimit(2)). */
export function watchCpuLimit(kernel: Kernel, process: Process): void {
  process.cpuLimitTimer?.disarm();
  const limit = process.limits.get(RLIMIT_CPU);
  if (!limit || limit.soft === Number.POSITIVE_INFINITY) return;
  const timer = new IntervalTimer(kernel.timers, process, () => {
    const isOver = process.cpuMs >= limit.hard * 1000;
    send(process, { signal: isOver ? Signal.SIGKILL : Signal.SIGXCPU, code: SiCode.kernel });
  });
  timer.arm(limit.soft * 1000, 1000);
  process.cpuLimitTimer = timer;
}
