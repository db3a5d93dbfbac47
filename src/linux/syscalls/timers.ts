import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import { TimerFile } from "../files/timer-file.ts";
import { IntervalTimer } from "../kernel/timers.ts";
import { dropPosixTimer, ITimer, intervalTimer } from "../process/interval-timers.ts";
import { POSIX_TIMERS_MAX, PosixTimer, type TimerEvent } from "../process/posix-timer.ts";
import { SIGNAL_MAX, Signal } from "../signals/signals.ts";
import type { Call, SyscallTable } from "./call.ts";
import { Clock, clockNs, cpuClockOwner, isCpuClock, schedulerMs } from "./clocks.ts";
import { readTimespecMs, readTimevalMs, timespec, timeval } from "./timespec.ts";

const TIMER_ABSTIME = 1;
const SIGEV = { signal: 0, none: 1, threadId: 4 } as const;

/** struct itimerspec of a timer's interval and time left. */
function itimerspec(timer: IntervalTimer): Buffer {
  const ns = (ms: number): bigint => BigInt(Math.round(ms * 1e6));
  return Buffer.concat([timespec(ns(timer.intervalMs)), timespec(ns(timer.leftMs))]);
}

/** Sets a timer from a struct itimerspec; returns what it was set to before, in the same form. */
function set(call: Call, timer: IntervalTimer, clock: number, absolute: boolean, address: number): Buffer {
  call.kernel.scheduler.charge();
  const intervalMs = readTimespecMs(call, address);
  const valueMs = readTimespecMs(call, address + 16);
  const old = itimerspec(timer);
  if (valueMs === 0) timer.disarm();
  else if (!absolute) timer.arm(timer.nowMs + valueMs, intervalMs);
  else timer.arm(timer.clock === "wall" ? schedulerMs(call, clock, valueMs) : valueMs, intervalMs);
  return old;
}

/** What struct sigevent asks for; by default SIGALRM with the timer's number. */
function readEvent(call: Call, id: number): TimerEvent | undefined {
  const address = call.unsigned(1);
  if (address === 0) return { signal: Signal.SIGALRM, value: BigInt(id), task: undefined };
  const bytes = call.memory.read(address, 64);
  const signal = bytes.readInt32LE(8);
  const notify = bytes.readInt32LE(12);
  if (notify === SIGEV.none) return undefined;
  if (notify !== SIGEV.signal && notify !== SIGEV.threadId && notify !== 2) fail("EINVAL");
  if (signal < 1 || signal > SIGNAL_MAX) fail("EINVAL");
  const tid = bytes.readInt32LE(16);
  const task = notify === SIGEV.threadId ? [...call.process.tasks].find((one) => one.tid === tid) : undefined;
  if (notify === SIGEV.threadId && !task) fail("EINVAL");
  return { signal, value: bytes.readBigUInt64LE(0), task };
}

function timerCreate(call: Call): number {
  const clock = call.int(0);
  const { posixTimers } = call.process;
  if (clock === Clock.monotonicRaw || clock === Clock.realtimeCoarse || clock === Clock.monotonicCoarse)
    fail("EOPNOTSUPP");
  clockNs(call, clock);
  const id = call.process.nextTimerId;
  const owner = isCpuClock(clock) ? cpuClockOwner(call, clock) : "wall";
  const event = readEvent(call, id);
  call.memory.writeU32(call.unsigned(2), id);
  if (posixTimers.size >= POSIX_TIMERS_MAX || !call.process.signalQuota.take()) fail("EAGAIN");
  call.process.nextTimerId++;
  const timer = new PosixTimer(
    id,
    call.process,
    event,
    (expired) => new IntervalTimer(call.kernel.timers, owner, expired),
  );
  posixTimers.set(id, { clock, timer: timer.timer, posix: timer });
  return 0;
}

function timerOf(call: Call) {
  return call.process.posixTimers.get(call.int(0)) ?? fail("EINVAL");
}

function timerSettime(call: Call): number {
  if (call.unsigned(2) === 0) fail("EINVAL");
  const { clock, timer, posix } = timerOf(call);
  const old = set(call, timer, clock, (call.int(1) & TIMER_ABSTIME) !== 0, call.unsigned(2));
  posix.reset();
  if (call.unsigned(3) !== 0) call.memory.write(call.unsigned(3), old);
  return 0;
}

const TFD_FLAGS = Open.closeOnExec | Open.nonBlock;
const TFD_CANCEL_ON_SET = 2;

function timerfdCreate(call: Call): number {
  const clock = call.int(0);
  const flags = call.int(1);
  const allowed: readonly number[] = [
    Clock.realtime,
    Clock.monotonic,
    Clock.bootTime,
    Clock.realtimeAlarm,
    Clock.bootAlarm,
  ];
  if (!allowed.includes(clock) || (flags & ~TFD_FLAGS) !== 0) fail("EINVAL");
  const file = new TimerFile(clock, flags, (expired) => new IntervalTimer(call.kernel.timers, "wall", expired));
  return call.process.files.install(file, (flags & Open.closeOnExec) !== 0);
}

function timerFile(call: Call): TimerFile {
  const file = call.process.files.get(call.int(0));
  return file instanceof TimerFile ? file : fail("EINVAL");
}

function timerfdSettime(call: Call): number {
  const flags = call.int(1);
  if ((flags & ~(TIMER_ABSTIME | TFD_CANCEL_ON_SET)) !== 0) fail("EINVAL");
  // The new value is looked at before the descriptor, as on Linux.
  readTimespecMs(call, call.unsigned(2));
  readTimespecMs(call, call.unsigned(2) + 16);
  const file = timerFile(call);
  const old = set(call, file.timer, file.clock, (flags & TIMER_ABSTIME) !== 0, call.unsigned(2));
  file.reset();
  if (call.unsigned(3) !== 0) call.memory.write(call.unsigned(3), old);
  return 0;
}

/** struct itimerval of a timer's interval and time left. */
function itimerval(timer: IntervalTimer): Buffer {
  return Buffer.concat([timeval(timer.intervalMs), timeval(timer.leftMs)]);
}

function setitimer(call: Call): number {
  const which = call.int(0);
  const source = call.unsigned(1);
  const intervalMs = source === 0 ? 0 : readTimevalMs(call, source);
  const valueMs = source === 0 ? 0 : readTimevalMs(call, source + 16);
  if (which < ITimer.real || which > ITimer.profiling) fail("EINVAL");
  call.kernel.scheduler.charge();
  const timer = intervalTimer(call.kernel, call.process, which);
  const old = itimerval(timer);
  if (valueMs > 0) timer.arm(timer.nowMs + valueMs, intervalMs);
  else timer.disarm();
  if (call.unsigned(2) !== 0) call.memory.write(call.unsigned(2), old);
  return 0;
}

export const timerCalls: SyscallTable = {
  timer_create: timerCreate,
  timer_settime: timerSettime,
  timer_gettime(call) {
    call.memory.write(call.unsigned(1), itimerspec(timerOf(call).timer));
    return 0;
  },
  timer_getoverrun: (call) => timerOf(call).posix.overrun,
  timer_delete(call) {
    timerOf(call);
    dropPosixTimer(call.process, call.int(0));
    return 0;
  },
  timerfd_create: timerfdCreate,
  timerfd_settime: timerfdSettime,
  timerfd_gettime(call) {
    call.memory.write(call.unsigned(1), itimerspec(timerFile(call).timer));
    return 0;
  },
  setitimer,
  getitimer(call) {
    const which = call.int(0);
    if (which < ITimer.real || which > ITimer.profiling) fail("EINVAL");
    call.memory.write(call.unsigned(1), itimerval(intervalTimer(call.kernel, call.process, which)));
    return 0;
  },
  alarm(call) {
    const timer = intervalTimer(call.kernel, call.process, ITimer.real);
    const { leftMs } = timer;
    if (call.uint(0) > 0) timer.arm(timer.nowMs + call.uint(0) * 1000, 0);
    else timer.disarm();
    // Rounded, but never to "none was set" (alarm(2)).
    return leftMs === 0 ? 0 : Math.max(1, Math.round(leftMs / 1000));
  },
};
