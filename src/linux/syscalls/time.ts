import { Errno, fail } from "../errno.ts";
import type { Call, SyscallTable } from "./call.ts";
import { Clock, clockNs } from "./clocks.ts";
import { refused } from "./standing.ts";
import { deadlineIn, readTimespecMs, timespec, timeval } from "./timespec.ts";
import { resourceUsage } from "./wait.ts";

interface Sleep {
  readonly deadlineMs: number;
}

/** Sleeps until the deadline; interrupted, tells how much was left. */
function sleep(call: Call, durationMs: () => number, remaining: number): number {
  const memo: Sleep = call.remember(() => ({ deadlineMs: deadlineIn(call, durationMs()) }));
  if (memo.deadlineMs <= call.kernel.clock.nowMs()) return 0;
  const interrupted = (): number => {
    const leftMs = Math.max(memo.deadlineMs - call.kernel.clock.nowMs(), 0);
    if (remaining !== 0) call.memory.write(remaining, timespec(BigInt(Math.ceil(leftMs * 1e6))));
    return -Errno.EINTR;
  };
  return call.block(() => false, { deadlineMs: memo.deadlineMs, restartable: false, interrupted });
}

const TIMER_ABSTIME = 1;

function clockNanosleep(call: Call): number {
  const clock = call.int(0);
  if (clock === Clock.threadCpu) fail("EINVAL");
  if (clock === Clock.monotonicRaw || clock === Clock.realtimeCoarse || clock === Clock.monotonicCoarse)
    fail("EOPNOTSUPP");
  clockNs(call, clock);
  const absolute = (call.int(1) & TIMER_ABSTIME) !== 0;
  const duration = () => {
    const wanted = readTimespecMs(call, call.unsigned(2));
    return absolute ? wanted - Number(clockNs(call, clock)) / 1e6 : wanted;
  };
  return sleep(call, duration, absolute ? 0 : call.unsigned(3));
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
  clock_settime: refused("EPERM", "the clock is the host's, or counted"),
  settimeofday: refused("EPERM", "the clock is the host's, or counted"),
  adjtimex: refused("EPERM", "the clock is the host's, or counted"),
  clock_adjtime: refused("EPERM", "the clock is the host's, or counted"),
  gettimeofday(call) {
    if (call.unsigned(0) !== 0)
      call.memory.write(call.unsigned(0), timeval(Number(clockNs(call, Clock.realtime) / 1000n) / 1000));
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
  times(call) {
    const ticks = (ms: number): bigint => BigInt(Math.floor(ms / 10));
    if (call.unsigned(0) !== 0) {
      call.kernel.scheduler.charge();
      const bytes = Buffer.alloc(32);
      bytes.writeBigInt64LE(ticks(call.process.cpuMs), 0);
      bytes.writeBigInt64LE(ticks(call.process.childrenCpuMs), 16);
      call.memory.write(call.unsigned(0), bytes);
    }
    return Math.floor(call.kernel.clock.nowMs() / 10);
  },
  getrusage(call) {
    const who = call.int(0);
    // Itself, its children, or this thread, whose time is counted with its process.
    if (who < -1 || who > 1) fail("EINVAL");
    const { process } = call;
    call.kernel.scheduler.charge();
    const usage =
      who === -1
        ? {
            cpuMs: process.childrenCpuMs,
            peakPages: process.childrenPeakPages,
            faults: process.childrenFaults,
            switches: { voluntary: 0, forced: 0 },
          }
        : {
            cpuMs: process.cpuMs,
            peakPages: process.memory.peakPages,
            faults: process.faults,
            switches: process.switches,
          };
    call.memory.write(call.unsigned(1), resourceUsage(usage));
    return 0;
  },
};
