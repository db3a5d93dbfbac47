import type { Kernel } from "../kernel.ts";
import { orphanChildren } from "./adopt.ts";
import { disarmTimers } from "./interval-timers.ts";
import type { ExitStatus, Process } from "./process.ts";
import { NO_STRINGS } from "./program-strings.ts";
import { reportEnd } from "./report-end.ts";
import { releaseRobustLocks } from "./robust-list.ts";
import type { Task } from "./task.ts";

const EVERY_SIGNAL = 0xffff_ffff_ffff_ffffn;

/** Ends one thread: clears and wakes its join word (set_tid_address(2)). */
export function finishTask(kernel: Kernel, task: Task, status: ExitStatus): void {
  if (task.ended) return;
  const { process } = task;
  if (process.tasks.size === 1) {
    finishProcess(kernel, process, status);
    return;
  }
  dropTask(kernel, task);
}

function clearChildTid(kernel: Kernel, task: Task): void {
  if (task.clearChildTid === 0) return;
  const { memory } = task.process;
  const key = memory.futexKey(task.clearChildTid);
  if (key === undefined) return;
  memory.user.writeU32(task.clearChildTid, 0);
  kernel.futexes.wake(key, 1);
}

function dropTask(kernel: Kernel, task: Task): void {
  // Others may share the memory: threads, a vfork parent, a process that maps the lock.
  releaseRobustLocks(kernel, task);
  clearChildTid(kernel, task);
  kernel.futexes.dropTask(task);
  task.ended = true;
  task.wait?.abandoned?.();
  task.wait = undefined;
  if (task.call !== undefined) kernel.tracer?.abandoned(task.call);
  task.call = undefined;
  task.process.tasks.delete(task);
  task.pending.discard(EVERY_SIGNAL);
  kernel.scheduler.remove(task);
}

/** Ends every thread of the process but one (execve(2)). */
export function dropOtherTasks(kernel: Kernel, survivor: Task): void {
  for (const task of [...survivor.process.tasks]) if (task !== survivor) dropTask(kernel, task);
}

/** Ends a process (_exit(2), "Notes"): frees what it holds, hands its children to init, tells its parent. */
export function finishProcess(kernel: Kernel, process: Process, status: ExitStatus): void {
  if (process.exit) return;
  process.exit = status;
  for (const task of [...process.tasks]) dropTask(kernel, task);
  process.pending.discard(EVERY_SIGNAL);
  process.strings.release();
  process.strings = NO_STRINGS;
  disarmTimers(process);
  process.files.release();
  kernel.terminals.leaderEnded(process);
  kernel.ipc.semaphores.ended(process);
  // With the first process the run ends, and a rollback takes all pages at once: giving them back one by one is for others.
  if (process !== kernel.main) {
    process.peakPages = process.memory.peakPages;
    process.memory.release();
  }
  process.vforkDone = true;
  orphanChildren(kernel, process);
  reportEnd(kernel, process, status);
}
