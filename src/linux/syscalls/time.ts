import { fail } from "../errno.ts";
import { type Call, type SyscallTable } from "./call.ts";
import { resourceUsage } from "./processes.ts";
import { deadlineIn, readTimespecMs, readTimevalMs, timespec, timeval } from "./timespec.ts";

/** Clock numbers (linux/time.h). */
const Clock = { realtime: 0, monotonic: 1, processCpu: 2, threadCpu: 3, monotonicRaw: 4, realtimeCoarse: 5, monotonicCoarse: 6, bootTime: 7, realtimeAlarm: 8, bootAlarm: 9, tai: 11 } as const;

const REALTIME_OFFSET_NS = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

function clockNs(call: Call, clock: number): bigint {
  switch (clock) {
    case Clock.realtime:
    case Clock.realtimeCoarse:
    case Clock.realtimeAlarm:
    case Clock.tai:
      return REALTIME_OFFSET_NS + process.hrtime.bigint();
    case Clock.monotonic:
    case Clock.monotonicRaw:
    case Clock.monotonicCoarse:
    case Clock.bootTime:
    case Clock.bootAlarm:
      return process.hrtime.bigint();
    case Clock.processCpu:
    case Clock.threadCpu:
      return BigInt(Math.round(call.process.cpuMs * 1e6));
    default:
      // Negative numbers name the CPU clock of a process.
      return clock < 0 ? BigInt(Math.round(call.process.cpuMs * 1e6)) : fail("EINVAL");
  }
}

interface Sleep {
  readonly deadlineMs: number;
}

/** Sleeps until the deadline; interrupted, tells how much was left. */
function sleep(call: Call, durationMs: () => number, remaining: number): number {
  const memo = (call.memo ??= { deadlineMs: deadlineIn(durationMs()) }) as Sleep;
  const leftMs = memo.deadlineMs - performance.now();
  if (leftMs <= 0) return 0;
  // Written ahead of time, since a signal ends the call without coming back here.
  if (remaining !== 0) call.memory.write(remaining, timespec(BigInt(Math.ceil(leftMs * 1e6))));
  return call.block(() => false, { deadlineMs: memo.deadlineMs, restartable: false });
}

const TIMER_ABSTIME = 1;

function clockNanosleep(call: Call): number {
  const clock = call.int(0);
  const absolute = (call.int(1) & TIMER_ABSTIME) !== 0;
  const duration = () => {
    const wanted = readTimespecMs(call, call.unsigned(2));
    return absolute ? wanted - Number(clockNs(call, clock)) / 1e6 : wanted;
  };
  return sleep(call, duration, absolute ? 0 : call.unsigned(3));
}

function setRealTimer(call: Call, valueMs: number, intervalMs: number): number {
  const { process, kernel } = call;
  const leftMs = process.realTimer ? Math.max(process.realTimer.deadlineMs - performance.now(), 0.001) : 0;
  process.realTimer = valueMs > 0 ? { deadlineMs: deadlineIn(valueMs), intervalMs } : undefined;
  kernel.scheduler.watchTimer(process);
  return leftMs;
}

function itimerval(valueMs: number, intervalMs: number): Buffer {
  return Buffer.concat([timeval(intervalMs), timeval(valueMs)]);
}

export const timeCalls: SyscallTable = {
  clock_gettime(call) {
    call.memory.write(call.unsigned(1), timespec(clockNs(call, call.int(0))));
    return 0;
  },
  clock_getres(call) {
    clockNs(call, call.int(0));
    if (call.unsigned(1) !== 0) call.memory.write(call.unsigned(1), timespec(1n));
    return 0;
  },
  clock_settime: () => fail("EPERM"),
  settimeofday: () => fail("EPERM"),
  adjtimex: () => fail("EPERM"),
  clock_adjtime: () => fail("EPERM"),
  gettimeofday(call) {
    if (call.unsigned(0) !== 0) call.memory.write(call.unsigned(0), timeval(Number(clockNs(call, Clock.realtime) / 1000n) / 1000));
    if (call.unsigned(1) !== 0) call.memory.write(call.unsigned(1), Buffer.alloc(8));
    return 0;
  },
  time(call) {
    const seconds = Number(clockNs(call, Clock.realtime) / 1_000_000_000n);
    if (call.unsigned(0) !== 0) call.memory.writeU64(call.unsigned(0), seconds);
    return seconds;
  },
  nanosleep: (call) => sleep(call, () => readTimespecMs(call, call.unsigned(0)), call.unsigned(1)),
  clock_nanosleep: clockNanosleep,
  alarm: (call) => Math.ceil(setRealTimer(call, call.uint(0) * 1000, 0) / 1000),
  setitimer(call) {
    // Timers of CPU time are rare and coarse here: they are refused rather than never firing.
    if (call.int(0) !== 0) fail("EINVAL");
    const source = call.unsigned(1);
    const intervalMs = source === 0 ? 0 : readTimevalMs(call, source);
    const valueMs = source === 0 ? 0 : readTimevalMs(call, source + 16);
    const oldIntervalMs = call.process.realTimer?.intervalMs ?? 0;
    const leftMs = setRealTimer(call, valueMs, intervalMs);
    if (call.unsigned(2) !== 0) call.memory.write(call.unsigned(2), itimerval(leftMs, oldIntervalMs));
    return 0;
  },
  getitimer(call) {
    const { realTimer } = call.process;
    const leftMs = realTimer ? Math.max(realTimer.deadlineMs - performance.now(), 0.001) : 0;
    call.memory.write(call.unsigned(1), itimerval(call.int(0) === 0 ? leftMs : 0, realTimer?.intervalMs ?? 0));
    return 0;
  },
  times(call) {
    const ticks = (ms: number): bigint => BigInt(Math.floor(ms / 10));
    if (call.unsigned(0) !== 0) {
      const bytes = Buffer.alloc(32);
      bytes.writeBigInt64LE(ticks(call.process.cpuMs), 0);
      bytes.writeBigInt64LE(ticks(call.process.childrenCpuMs), 16);
      call.memory.write(call.unsigned(0), bytes);
    }
    return Math.floor(performance.now() / 10);
  },
  getrusage(call) {
    const children = call.int(0) === -1;
    call.memory.write(call.unsigned(1), resourceUsage(children ? call.process.childrenCpuMs : call.process.cpuMs));
    return 0;
  },
};
