import { fail } from "../errno.ts";
import { Capability } from "../process/capabilities.ts";
import { may } from "../process/identity.ts";
import type { Process } from "../process/process.ts";
import type { Task } from "../process/task.ts";
import { sigaltstack } from "../signals/alt-stack.ts";
import { discard, ignores, send } from "../signals/delivery.ts";
import { encodeSignalInfo, popFrame } from "../signals/frame.ts";
import { bit, SIGNAL_MAX, SiCode, Signal, type SignalInfo, UNBLOCKABLE } from "../signals/signals.ts";
import { type Call, REGISTERS_SET, type SyscallTable } from "./call.ts";
import { deadlineIn, readTimespecMs } from "./timespec.ts";

/** Size of the kernel's sigset_t. */
const SIGSET_BYTES = 8;

function checkSignal(signal: number, allowZero = false): void {
  if (signal < (allowZero ? 0 : 1) || signal > SIGNAL_MAX) fail("EINVAL");
}

function readSet(call: Call, address: number): bigint {
  return call.memory.read(address, 8).readBigUInt64LE(0);
}

function writeSet(call: Call, address: number, set: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, set));
  call.memory.write(address, bytes);
}

function sigaction(call: Call): number {
  const signal = call.int(0);
  checkSignal(signal);
  if (call.unsigned(3) !== SIGSET_BYTES) fail("EINVAL");
  const old = call.process.action(signal);
  const source = call.unsigned(1);
  if (source !== 0) {
    if (signal === Signal.SIGKILL || signal === Signal.SIGSTOP) fail("EINVAL");
    const bytes = call.memory.read(source, 32);
    call.process.actions[signal] = {
      handler: Number(bytes.readBigUInt64LE(0)),
      flags: bytes.readUInt32LE(8),
      restorer: Number(bytes.readBigUInt64LE(16)),
      mask: bytes.readBigUInt64LE(24) & ~UNBLOCKABLE,
    };
    // What is now ignored is no longer pending (sigaction(2), "Notes").
    if (ignores(call.process, signal)) discard(call.process, bit(signal));
  }
  const target = call.unsigned(2);
  if (target !== 0) {
    const bytes = Buffer.alloc(32);
    bytes.writeBigUInt64LE(BigInt(old.handler), 0);
    bytes.writeUInt32LE(old.flags, 8);
    bytes.writeBigUInt64LE(BigInt(old.restorer), 16);
    bytes.writeBigUInt64LE(old.mask, 24);
    call.memory.write(target, bytes);
  }
  return 0;
}

function sigprocmask(call: Call): number {
  if (call.unsigned(3) !== SIGSET_BYTES) fail("EINVAL");
  const old = call.task.signalMask;
  if (call.unsigned(1) !== 0) {
    const set = readSet(call, call.unsigned(1)) & ~UNBLOCKABLE;
    const how = call.int(0);
    if (how < 0 || how > 2) fail("EINVAL");
    call.task.signalMask = how === 0 ? old | set : how === 1 ? old & ~set : set;
  }
  if (call.unsigned(2) !== 0) writeSet(call, call.unsigned(2), old);
  return 0;
}

function mayKill(sender: Process, target: Process): boolean {
  const { real, effective } = sender.identity.user;
  const { real: owner, saved } = target.identity.user;
  return may(sender.identity, Capability.kill) || [real, effective].some((id) => id === owner || id === saved);
}

function kill(call: Call): number {
  const pid = call.int(0);
  const signal = call.int(1);
  checkSignal(signal, true);
  const targets = killTargets(call, pid);
  if (targets.length === 0) fail(pid === 1 ? "EPERM" : "ESRCH");
  for (const target of targets) {
    if (!mayKill(call.process, target)) fail("EPERM");
    if (signal !== 0)
      send(target, { signal, code: SiCode.user, pid: call.process.pid, uid: call.process.identity.user.real });
  }
  return 0;
}

function killTargets(call: Call, pid: number): Process[] {
  const { processes } = call.kernel;
  if (pid > 0) {
    const one = processes.get(pid) ?? taskByTid(call, pid)?.process;
    return one ? [one] : [];
  }
  const all = [...processes.values()];
  if (pid === -1) return all.filter((process) => process !== call.process);
  const group = pid === 0 ? call.process.processGroup : -pid;
  return all.filter((process) => process.processGroup === group);
}

function taskByTid(call: Call, tid: number): Task | undefined {
  return call.kernel.scheduler.tasks.find((task) => task.tid === tid);
}

function sendToTask(call: Call, tid: number, signal: number, group?: number): number {
  if (tid <= 0 || (group !== undefined && group <= 0)) fail("EINVAL");
  checkSignal(signal, true);
  const task = taskByTid(call, tid);
  if (!task || (group !== undefined && task.process.pid !== group)) return fail("ESRCH");
  if (signal !== 0)
    send(
      task.process,
      { signal, code: SiCode.tkill, pid: call.process.pid, uid: call.process.identity.user.real },
      task,
    );
  return 0;
}

/** Waits with another mask until a handler ran; the old mask comes back with the handler's return. */
function sigsuspend(call: Call): number {
  if (call.unsigned(1) !== SIGSET_BYTES) fail("EINVAL");
  if (call.memo === undefined) {
    call.memo = true;
    call.task.restoreMask = call.task.signalMask;
    call.task.signalMask = readSet(call, call.unsigned(0)) & ~UNBLOCKABLE;
  }
  return call.block(() => false, { restartable: false });
}

function sigtimedwait(call: Call): number {
  const set = readSet(call, call.unsigned(0));
  const info = call.task.pending.take(set) ?? call.process.pending.take(set);
  if (info) {
    if (call.unsigned(1) !== 0) call.memory.write(call.unsigned(1), encodeSignalInfo(info));
    return info.signal;
  }
  const deadlineMs = call.remember(() =>
    call.unsigned(2) === 0 ? Number.POSITIVE_INFINITY : deadlineIn(call, readTimespecMs(call, call.unsigned(2))),
  );
  if (call.kernel.clock.nowMs() >= deadlineMs) fail("EAGAIN");
  return call.block(() => ((call.task.pending.mask | call.process.pending.mask) & set) !== 0n, {
    deadlineMs,
    restartable: false,
  });
}

/** Size of siginfo_t (asm-generic/siginfo.h). */
const SIGINFO_BYTES = 128;

/** The sender's own siginfo; only to itself may a process claim that the kernel or kill(2) sent it. */
function queueInfo(call: Call, infoAddress: number, signal: number, target: Process): SignalInfo {
  const raw = call.memory.read(infoAddress, SIGINFO_BYTES);
  const code = raw.readInt32LE(8);
  if ((code >= 0 || code === SiCode.tkill) && target !== call.process) fail("EPERM");
  return { signal, code, raw };
}

function sendQueued(call: Call, target: Process, info: SignalInfo, task?: Task): number {
  if (!mayKill(call.process, target)) fail("EPERM");
  if (info.signal === 0) return 0;
  return send(target, info, task) ? 0 : fail("EAGAIN");
}

/** pidfd_send_signal(2): like kill(2) without a siginfo, like rt_sigqueueinfo(2) with one. */
export function sendToProcess(call: Call, target: Process, signal: number, infoAddress: number): number {
  checkSignal(signal, true);
  const { pid, identity } = call.process;
  if (infoAddress === 0) return sendQueued(call, target, { signal, code: SiCode.user, pid, uid: identity.user.real });
  const info = queueInfo(call, infoAddress, signal, target);
  if (info.raw && Buffer.from(info.raw).readInt32LE(0) !== signal) fail("EINVAL");
  return sendQueued(call, target, info);
}

export const signalCalls: SyscallTable = {
  rt_sigaction: sigaction,
  rt_sigprocmask: sigprocmask,
  rt_sigreturn(call) {
    popFrame(call.kernel, call.task);
    return REGISTERS_SET;
  },
  rt_sigpending(call) {
    writeSet(call, call.unsigned(0), (call.task.pending.mask | call.process.pending.mask) & call.task.signalMask);
    return 0;
  },
  rt_sigsuspend: sigsuspend,
  rt_sigtimedwait: sigtimedwait,
  rt_sigqueueinfo(call) {
    checkSignal(call.int(1), true);
    const target = call.kernel.processes.get(call.int(0)) ?? fail("ESRCH");
    return sendQueued(call, target, queueInfo(call, call.unsigned(2), call.int(1), target));
  },
  rt_tgsigqueueinfo(call) {
    checkSignal(call.int(2), true);
    if (call.int(0) <= 0 || call.int(1) <= 0) fail("EINVAL");
    const task = taskByTid(call, call.int(1));
    if (!task || task.process.pid !== call.int(0)) return fail("ESRCH");
    return sendQueued(call, task.process, queueInfo(call, call.unsigned(3), call.int(2), task.process), task);
  },
  kill,
  tkill: (call) => sendToTask(call, call.int(0), call.int(1)),
  tgkill: (call) => sendToTask(call, call.int(1), call.int(2), call.int(0)),
  sigaltstack,
  pause: (call) => call.block(() => false, { restartable: false }),
};
