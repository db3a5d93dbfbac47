import { fail } from "../errno.ts";
import type { Process } from "../process/process.ts";
import type { Call } from "./call.ts";

/** Clock numbers (linux/time.h). */
export const Clock = {
  realtime: 0,
  monotonic: 1,
  processCpu: 2,
  threadCpu: 3,
  monotonicRaw: 4,
  realtimeCoarse: 5,
  monotonicCoarse: 6,
  bootTime: 7,
  realtimeAlarm: 8,
  bootAlarm: 9,
  tai: 11,
} as const;

/** What a clock shows, in nanoseconds: EINVAL for one that does not exist (clock_gettime(2)). */
export function clockNs(call: Call, clock: number): bigint {
  switch (clock) {
    case Clock.realtime:
    case Clock.realtimeCoarse:
    case Clock.realtimeAlarm:
    case Clock.tai:
      return call.kernel.clock.realtimeNs();
    case Clock.monotonic:
    case Clock.monotonicRaw:
    case Clock.monotonicCoarse:
    case Clock.bootTime:
    case Clock.bootAlarm:
      return call.kernel.clock.monotonicNs();
    default:
      call.kernel.scheduler.charge();
      return BigInt(Math.round(cpuClockOwner(call, clock).cpuMs * 1e6));
  }
}

/** The process whose CPU time this clock counts; threads have no count of their own. */
export function cpuClockOwner(call: Call, clock: number): Process {
  if (clock === Clock.processCpu || clock === Clock.threadCpu) return call.process;
  if (clock >= 0) fail("EINVAL");
  // A negative clock is the complement of a process or thread number, three bits up (clock_getcpuclockid(3)).
  const pid = ~(clock >> 3);
  if (pid === 0) return call.process;
  const task = call.kernel.scheduler.tasks.find(({ tid }) => tid === pid);
  return task?.process ?? call.kernel.processes.get(pid) ?? fail("EINVAL");
}

export function isCpuClock(clock: number): boolean {
  return clock < 0 || clock === Clock.processCpu || clock === Clock.threadCpu;
}

/** Converts a time of this clock to the scheduler's time in milliseconds. */
export function schedulerMs(call: Call, clock: number, timeMs: number): number {
  return timeMs - Number(clockNs(call, clock)) / 1e6 + call.kernel.clock.nowMs();
}
