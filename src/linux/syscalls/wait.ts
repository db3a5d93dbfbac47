import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import { PidFile } from "../files/pid-file.ts";
import type { Process } from "../process/process.ts";
import {
  type ChildEvent,
  consumeEvent,
  findEvent,
  isKindWanted,
  statusWord,
  WaitOption,
  waitableChildren,
} from "../process/wait.ts";
import { SiCode, Signal } from "../signals/signals.ts";
import type { Call, SyscallTable } from "./call.ts";

type Selector = (child: Process) => boolean;

const KINDS = WaitOption.noThread | WaitOption.all | WaitOption.clone;
const WAIT4_OPTIONS = WaitOption.noHang | WaitOption.stopped | WaitOption.continued | KINDS;
const EVENTS = WaitOption.exited | WaitOption.stopped | WaitOption.continued;
const WAITID_OPTIONS = WaitOption.noHang | WaitOption.noWait | EVENTS | KINDS;
/** The one process number that has no negative counterpart to be a group. */
const INT_MIN = -(2 ** 31);

function selectChildren(pid: number, parent: Process): Selector {
  if (pid > 0) return (child) => child.pid === pid;
  if (pid === -1) return () => true;
  const group = pid === 0 ? parent.processGroup : -pid;
  return (child) => child.processGroup === group;
}

/** Finds an event, waits for one, or (WNOHANG) says that there is none: undefined. */
function awaitEvent(
  call: Call,
  selector: Selector,
  events: number,
  options: number,
): ChildEvent | typeof BLOCKED | undefined {
  const { process } = call;
  const isMeant: Selector = (child) => selector(child) && isKindWanted(child, options);
  const event = findEvent(waitableChildren(process, isMeant), events);
  if (event || (options & WaitOption.noHang) !== 0) return event;
  call.block(() => {
    const now = [...process.children].filter(isMeant);
    return now.length === 0 || findEvent(now, events) !== undefined;
  });
  return BLOCKED;
}

function wait4(call: Call): number {
  const options = call.int(2);
  if ((options & ~WAIT4_OPTIONS) !== 0) fail("EINVAL");
  if (call.int(0) === INT_MIN) fail("ESRCH");
  const events = (options & (WaitOption.stopped | WaitOption.continued)) | WaitOption.exited;
  const event = awaitEvent(call, selectChildren(call.int(0), call.process), events, options);
  if (event === BLOCKED) return BLOCKED;
  if (event === undefined) return 0;
  const { child } = event as ChildEvent;
  if (call.unsigned(1) !== 0) call.memory.writeU32(call.unsigned(1), statusWord(event as ChildEvent));
  if (call.unsigned(3) !== 0) call.memory.write(call.unsigned(3), usageOf(child));
  consumeEvent(call.kernel, event as ChildEvent);
  return child.pid;
}

const IdType = { all: 0, pid: 1, group: 2, pidfd: 3 } as const;

/** Which children waitid means, and whether waiting is allowed to sleep. */
function selectById(call: Call): { readonly selector: Selector; readonly sleeps: boolean } {
  const id = call.int(1);
  switch (call.int(0)) {
    case IdType.all:
      return { selector: () => true, sleeps: true };
    case IdType.pid:
      if (id <= 0) fail("EINVAL");
      return { selector: (child) => child.pid === id, sleeps: true };
    case IdType.group: {
      if (id < 0) fail("EINVAL");
      return { selector: selectChildren(id === 0 ? 0 : -id, call.process), sleeps: true };
    }
    case IdType.pidfd: {
      if (id < 0) fail("EINVAL");
      const file = call.process.files.get(id);
      if (!(file instanceof PidFile)) return fail("EBADF");
      return { selector: (child) => child === file.process, sleeps: (file.flags & Open.nonBlock) === 0 };
    }
    default:
      return fail("EINVAL");
  }
}

function waitid(call: Call): number {
  const options = call.int(3);
  if ((options & ~WAITID_OPTIONS) !== 0 || (options & EVENTS) === 0) fail("EINVAL");
  const { selector, sleeps } = selectById(call);
  const event = awaitEvent(call, selector, options & EVENTS, sleeps ? options : options | WaitOption.noHang);
  if (event === BLOCKED) return BLOCKED;
  if (event === undefined && !sleeps && (options & WaitOption.noHang) === 0) fail("EAGAIN");
  const info = event === undefined ? Buffer.alloc(128) : childInfo(event as ChildEvent);
  if (event !== undefined && call.unsigned(4) !== 0)
    call.memory.write(call.unsigned(4), usageOf((event as ChildEvent).child));
  if (call.unsigned(2) !== 0) call.memory.write(call.unsigned(2), info);
  if (event !== undefined && (options & WaitOption.noWait) === 0) consumeEvent(call.kernel, event as ChildEvent);
  return 0;
}

/** The siginfo_t of an event (waitid(2)). */
function childInfo(event: ChildEvent): Buffer {
  const codes = {
    exited: SiCode.childExited,
    signaled: event.core ? SiCode.childDumped : SiCode.childKilled,
    stopped: SiCode.childStopped,
    continued: SiCode.childContinued,
  };
  const info = Buffer.alloc(128);
  info.writeInt32LE(Signal.SIGCHLD, 0);
  info.writeInt32LE(codes[event.kind], 8);
  info.writeInt32LE(event.child.pid, 16);
  info.writeUInt32LE(event.child.identity.user.real, 20);
  info.writeInt32LE(event.value, 24);
  return info;
}

function usageOf(child: Process): Buffer {
  return resourceUsage({
    cpuMs: child.cpuMs + child.childrenCpuMs,
    peakPages: Math.max(child.exit ? child.peakPages : child.memory.peakPages, child.childrenPeakPages),
    faults: child.faults + child.childrenFaults,
    switches: child.switches,
  });
}

/** What is known of what a process used. */
export interface Usage {
  readonly cpuMs: number;
  readonly peakPages: number;
  readonly faults: number;
  readonly switches: { readonly voluntary: number; readonly forced: number };
}

/** struct rusage: the time is all user time (see Scheduler.charge), every fault a minor one (getrusage(2)). */
export function resourceUsage({ cpuMs, peakPages, faults, switches }: Usage): Buffer {
  const usage = Buffer.alloc(144);
  usage.writeBigInt64LE(BigInt(Math.floor(cpuMs / 1000)), 0);
  usage.writeBigInt64LE(BigInt(Math.floor((cpuMs % 1000) * 1000)), 8);
  usage.writeBigInt64LE(BigInt(peakPages * 4), 32);
  usage.writeBigInt64LE(BigInt(faults), 64);
  usage.writeBigInt64LE(BigInt(switches.voluntary), 128);
  usage.writeBigInt64LE(BigInt(switches.forced), 136);
  return usage;
}

export const waitCalls: SyscallTable = { wait4, waitid };
