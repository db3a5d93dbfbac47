import { Errno, LinuxError } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../process/process.ts";
import type { Task } from "../process/task.ts";
import type { Wait } from "../syscalls/call.ts";
import { pushFrame } from "./frame.ts";
import {
  bit,
  defaultAction,
  Sa,
  SIG_DFL,
  SIG_IGN,
  SIGNAL_MAX,
  SiCode,
  Signal,
  type SignalInfo,
  STOPS,
  UNBLOCKABLE,
} from "./signals.ts";

/** Length of the `syscall` instruction: backing up over it makes the call again. */
const SYSCALL_BYTES = 2;

/** True when the process would do nothing at all with this signal. */
export function ignores(process: Process, signal: number): boolean {
  const { handler } = process.action(signal);
  return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === "ignore");
}

/** Sends a signal to a process, or to one thread of it; false when a queue for real-time signals is full. */
export function send(process: Process, info: SignalInfo, task?: Task): boolean {
  if (process.exit) return true;
  const { signal } = info;
  if (signal === Signal.SIGCONT) discard(process, STOPS);
  if ((STOPS & bit(signal)) !== 0n) discard(process, bit(Signal.SIGCONT));
  if (signal === Signal.SIGCONT || signal === Signal.SIGKILL) resume(process, signal);
  const blocked = task
    ? (task.signalMask & bit(signal)) !== 0n
    : [...process.tasks].every((t) => (t.signalMask & bit(signal)) !== 0n);
  if (ignores(process, signal) && !blocked) return true;
  return (task ?? process).pending.add(info);
}

/** Forgets pending signals of the process and of all its threads. */
export function discard(process: Process, set: bigint): void {
  process.pending.discard(set);
  for (const task of process.tasks) task.pending.discard(set);
}

function resume(process: Process, signal: number): void {
  if (!process.stopped) return;
  process.stopped = undefined;
  if (signal !== Signal.SIGCONT) return;
  process.continuedUnreported = true;
  notifyParent(process, SiCode.childContinued, Signal.SIGCONT);
}

export function notifyParent(process: Process, code: number, status: number): void {
  const { parent } = process;
  // clone(2) takes any number below 256; the parent is told of nothing by one that is no signal.
  if (!parent || process.exitSignal === 0 || process.exitSignal > SIGNAL_MAX) return;
  if (code >= SiCode.childStopped && (parent.action(Signal.SIGCHLD).flags & Sa.noChildStop) !== 0) return;
  send(parent, { signal: process.exitSignal, code, pid: process.pid, uid: process.identity.user.real, status });
}

/**
 * A signal the task caused itself and cannot escape (a fault): when it is blocked or ignored, the default action is taken
 * instead (signal(7)).
 */
export function force(task: Task, info: SignalInfo): void {
  const action = task.process.action(info.signal);
  if (action.handler === SIG_IGN || (task.signalMask & bit(info.signal)) !== 0n) {
    task.process.actions[info.signal] = { ...action, handler: SIG_DFL };
    task.signalMask &= ~bit(info.signal);
  }
  task.pending.add(info);
}

/**
 * Acts on the signals this task may take now: ends or stops the process, or points the task at a handler.
 * A sleeping call is ended with EINTR or set up to be made again.
 */
export function deliver(kernel: Kernel, task: Task): void {
  if (task.wait?.uninterruptible && !task.process.pending.has(Signal.SIGKILL)) return;
  while (task.signalled && !task.ended && !task.process.stopped) {
    const allowed = ~task.signalMask | UNBLOCKABLE;
    const info = task.pending.take(allowed) ?? task.process.pending.take(allowed);
    if (!info) return;
    const action = task.process.action(info.signal);
    if (action.handler === SIG_IGN) continue;
    if (action.handler === SIG_DFL) takeDefault(kernel, task, info);
    else {
      interruptCall(kernel, task, (action.flags & Sa.restart) !== 0);
      enterHandler(kernel, task, info);
    }
  }
}

function takeDefault(kernel: Kernel, task: Task, info: SignalInfo): void {
  const { process } = task;
  const action = defaultAction(info.signal);
  if (action === "ignore") return;
  if (action === "stop") {
    process.stopped = { signal: info.signal, reported: false };
    notifyParent(process, SiCode.childStopped, info.signal);
    return;
  }
  kernel.endProcess(process, { kind: "signaled", signal: info.signal, core: false });
}

function interruptCall(kernel: Kernel, task: Task, restart: boolean): void {
  const { wait, call } = task;
  if (!wait) return;
  const result = interruptedResult(wait);
  const isMadeAgain = restart && wait.restartable && call !== undefined;
  if (call !== undefined) kernel.tracer?.interrupted(call, isMadeAgain ? undefined : result);
  if (isMadeAgain) {
    task.registers[16] -= BigInt(SYSCALL_BYTES);
    task.setResult(call.number);
  } else task.setResult(result);
  task.wait = undefined;
  task.call = undefined;
}

function interruptedResult({ interrupted }: Wait): number {
  if (!interrupted) return -Errno.EINTR;
  try {
    return interrupted();
  } catch (error) {
    if (error instanceof LinuxError) return -error.errno;
    throw error;
  }
}

function enterHandler(kernel: Kernel, task: Task, info: SignalInfo): void {
  const action = task.process.action(info.signal);
  const oldMask = task.restoreMask ?? task.signalMask;
  task.restoreMask = undefined;
  if (!pushFrame(kernel, task, action, info, oldMask)) {
    // The handler's stack cannot be written: Linux gives SIGSEGV with its default action.
    task.process.actions[Signal.SIGSEGV] = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };
    kernel.endProcess(task.process, { kind: "signaled", signal: Signal.SIGSEGV, core: false });
    return;
  }
  task.signalMask |= action.mask & ~UNBLOCKABLE;
  if ((action.flags & Sa.noDefer) === 0) task.signalMask |= bit(info.signal);
  if ((action.flags & Sa.resetHandler) !== 0) task.process.actions[info.signal] = { ...action, handler: SIG_DFL };
}
