import { Register } from "../../vmm/index.ts";
import { fail, LinuxError } from "../errno.ts";
import { PidFile } from "../files/pid-file.ts";
import type { Kernel } from "../kernel.ts";
import { forkAddressSpace } from "../memory/fork.ts";
import { watchCpuLimit } from "./cpu-limit.ts";
import { Process } from "./process.ts";
import { SavedCpu, Task } from "./task.ts";

/** clone(2) flags (linux/sched.h). */
export const Clone = {
  vm: 0x100,
  fs: 0x200,
  files: 0x400,
  sighand: 0x800,
  vfork: 0x4000,
  pidfd: 0x1000,
  parent: 0x8000,
  thread: 0x10000,
  newNamespaces: 0x7e020080,
  setTls: 0x80000,
  parentSetTid: 0x100000,
  childClearTid: 0x200000,
  childSetTid: 0x1000000,
  clearSighand: 0x1_0000_0000,
} as const;

/** Thread pointers are below this: the end of what a program may address (TASK_SIZE_MAX, asm/page_64_types.h). */
const TLS_LIMIT = 0x7fff_ffff_f000;

/** What clone, clone3, fork and vfork come down to. */
export interface CloneRequest {
  readonly flags: number;
  readonly exitSignal: number;
  /** New stack pointer, or 0 for the parent's. */
  readonly stack: number;
  readonly parentTid: number;
  /** Where the child's pidfd goes, for CLONE_PIDFD. */
  readonly pidfdAt: number;
  readonly childTid: number;
  readonly tls: number;
}

/** Makes a thread or process; the child goes on behind the same call with result 0. */
export function clone(kernel: Kernel, parent: Task, request: CloneRequest): Task {
  const { flags } = request;
  if ((flags & Clone.newNamespaces) !== 0) fail("EPERM");
  if ((flags & Clone.pidfd) !== 0 && (flags & Clone.parentSetTid) !== 0 && request.pidfdAt === request.parentTid)
    fail("EINVAL");
  const isThread = (flags & Clone.thread) !== 0;
  if (isThread && (flags & Clone.sighand) === 0) fail("EINVAL");
  if ((flags & Clone.sighand) !== 0 && (flags & Clone.vm) === 0) fail("EINVAL");
  if ((flags & Clone.setTls) !== 0 && request.tls >= TLS_LIMIT) fail("EPERM");
  const bases = kernel.segmentBases(parent);
  // Whatever may fail comes before the child is there: one that was made and then refused would stay for ever.
  kernel.scheduler.checkRoom();
  const pidfd = (flags & Clone.pidfd) !== 0 ? reservePidfd(parent, request.pidfdAt) : undefined;
  const pid = kernel.allocatePid();
  const process = isThread ? parent.process : cloneProcess(kernel, parent.process, pid, request);
  const saved = new SavedCpu(kernel.cpu.initialFpu);
  saved.registers.set(parent.registers);
  saved.fpu.set(kernel.fpuOf(parent));
  saved.fs = (flags & Clone.setTls) !== 0 ? request.tls : bases.fs;
  saved.gs = bases.gs;
  const task = new Task(pid, process, saved, parent.name);
  task.setResult(0);
  if (request.stack !== 0) task.registers[Register.rsp] = BigInt(request.stack);
  task.signalMask = parent.signalMask;
  task.nice = parent.nice;
  if (!isThread && (flags & Clone.vm) === 0) task.altStack = parent.altStack;
  if ((flags & Clone.childClearTid) !== 0) task.clearChildTid = request.childTid;
  process.tasks.add(task);
  kernel.scheduler.add(task);
  if ((flags & Clone.childSetTid) !== 0) tryWriteTid(process, request.childTid, pid);
  if ((flags & Clone.parentSetTid) !== 0) tryWriteTid(parent.process, request.parentTid, pid);
  if (pidfd !== undefined) parent.process.files.place(pidfd, new PidFile(process, 0), true);
  return task;
}

/** The descriptor the child's pidfd gets, written where the caller wants it: EMFILE, EFAULT. */
function reservePidfd(parent: Task, address: number): number {
  const descriptor = parent.process.files.lowestFree();
  parent.process.memory.user.writeU32(address, descriptor);
  return descriptor;
}

/** A number that cannot be written is no failure: the child is there already (kernel/fork.c ignores put_user's result). */
function tryWriteTid(process: Process, address: number, tid: number): void {
  try {
    process.memory.user.writeU32(address, tid);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
}

function cloneProcess(kernel: Kernel, parent: Process, pid: number, request: CloneRequest): Process {
  const { flags } = request;
  const process = new Process(pid, (flags & Clone.parent) !== 0 ? parent.parent : parent, {
    memory: (flags & Clone.vm) !== 0 ? parent.memory.share() : forkAddressSpace(parent.memory),
    files: (flags & Clone.files) !== 0 ? parent.files.share() : parent.files.copy(),
    fs: (flags & Clone.fs) !== 0 ? parent.fs : { ...parent.fs },
    identity: parent.identity,
    processGroup: parent.processGroup,
    session: parent.session,
    limits: new Map(parent.limits),
    signalQuota: parent.signalQuota,
    actions: (flags & Clone.sighand) !== 0 ? parent.actions : [...parent.actions],
  });
  if ((flags & Clone.clearSighand) !== 0) process.actions = [];
  process.executable = parent.executable;
  process.executablePath = parent.executablePath;
  process.strings = parent.strings.share();
  process.exitSignal = request.exitSignal;
  process.startedMs = Number(kernel.clock.monotonicNs() / 1_000_000n);
  process.oomAdjustment = parent.oomAdjustment;
  process.oomAdjustmentMin = parent.oomAdjustmentMin;
  process.vforkDone = (flags & Clone.vfork) === 0;
  kernel.processes.set(pid, process);
  watchCpuLimit(kernel, process);
  return process;
}
