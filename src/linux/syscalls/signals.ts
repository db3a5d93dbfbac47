import { fail } from "../errno.ts";
import type { Process } from "../process/process.ts";
import { NO_ALT_STACK, type Task } from "../process/task.ts";
import { send } from "../signals/delivery.ts";
import { encodeSignalInfo, popFrame } from "../signals/frame.ts";
import { SIGNAL_MAX, SiCode, Signal, UNBLOCKABLE } from "../signals/signals.ts";
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
  return sender.credentials.uid === 0 || sender.credentials.uid === target.credentials.uid;
}

function kill(call: Call): number {
  const pid = call.int(0);
  const signal = call.int(1);
  checkSignal(signal, true);
  const targets = killTargets(call, pid);
  if (targets.length === 0) fail(pid === 1 ? "EPERM" : "ESRCH");
  for (const target of targets) {
    if (!mayKill(call.process, target)) fail("EPERM");
    if (signal !== 0) send(target, { signal, code: SiCode.user, pid: call.process.pid, uid: call.process.credentials.uid });
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
  checkSignal(signal, true);
  const task = taskByTid(call, tid);
  if (!task || (group !== undefined && task.process.pid !== group)) return fail("ESRCH");
  if (signal !== 0) send(task.process, { signal, code: SiCode.tkill, pid: call.process.pid, uid: call.process.credentials.uid }, task);
  return 0;
}

function sigaltstack(call: Call): number {
  const { task } = call;
  const old = task.altStack;
  const stackPointer = Number(task.registers[6]);
  const onStack = (old.flags & 2) === 0 && stackPointer > old.base && stackPointer <= old.base + old.size;
  if (call.unsigned(0) !== 0) {
    if (onStack) fail("EPERM");
    const bytes = call.memory.read(call.unsigned(0), 24);
    const flags = bytes.readInt32LE(8);
    const size = Number(bytes.readBigUInt64LE(16));
    if ((flags & ~0x8000_0003) !== 0) fail("EINVAL");
    if ((flags & 2) === 0 && size < 2048) fail("ENOMEM");
    task.altStack = (flags & 2) !== 0 ? NO_ALT_STACK : { base: Number(bytes.readBigUInt64LE(0)), size, flags: 0 };
  }
  if (call.unsigned(1) !== 0) {
    const bytes = Buffer.alloc(24);
    bytes.writeBigUInt64LE(BigInt(old.base), 0);
    bytes.writeInt32LE(onStack ? 1 : old.flags, 8);
    bytes.writeBigUInt64LE(BigInt(old.size), 16);
    call.memory.write(call.unsigned(1), bytes);
  }
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
  const deadlineMs = (call.memo ??= call.unsigned(2) === 0 ? Number.POSITIVE_INFINITY : deadlineIn(readTimespecMs(call, call.unsigned(2)))) as number;
  if (performance.now() >= deadlineMs) fail("EAGAIN");
  return call.block(() => ((call.task.pending.mask | call.process.pending.mask) & set) !== 0n, { deadlineMs, restartable: false });
}

function queueInfo(call: Call, infoAddress: number, signal: number) {
  const bytes = call.memory.read(infoAddress, 32);
  return { signal, code: bytes.readInt32LE(8), pid: call.process.pid, uid: call.process.credentials.uid, value: bytes.readBigUInt64LE(24) };
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
    checkSignal(call.int(1));
    const target = call.kernel.processes.get(call.int(0)) ?? fail("ESRCH");
    send(target, queueInfo(call, call.unsigned(2), call.int(1)));
    return 0;
  },
  rt_tgsigqueueinfo(call) {
    checkSignal(call.int(2));
    const task = taskByTid(call, call.int(1)) ?? fail("ESRCH");
    send(task.process, queueInfo(call, call.unsigned(3), call.int(2)), task);
    return 0;
  },
  kill,
  tkill: (call) => sendToTask(call, call.int(0), call.int(1)),
  tgkill: (call) => sendToTask(call, call.int(1), call.int(2), call.int(0)),
  sigaltstack,
  pause: (call) => call.block(() => false, { restartable: false }),
};

