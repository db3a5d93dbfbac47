import type { Kernel } from "../kernel.ts";
import { notifyParent } from "../signals/delivery.ts";
import { Sa, SIG_IGN, SiCode, Signal } from "../signals/signals.ts";
import type { ExitStatus, Process } from "./process.ts";

/** Tells the parent; one that does not care never gets to wait for it (wait(2), "Notes"). */
export function reportEnd(kernel: Kernel, process: Process, status: ExitStatus): void {
  const { parent } = process;
  if (!parent) {
    kernel.processes.delete(process.pid);
    return;
  }
  const code = status.kind === "exited" ? SiCode.childExited : status.core ? SiCode.childDumped : SiCode.childKilled;
  notifyParent(process, code, status.kind === "exited" ? status.code : status.signal);
  const action = parent.action(Signal.SIGCHLD);
  if (process.exitSignal === Signal.SIGCHLD && (action.handler === SIG_IGN || (action.flags & Sa.noChildWait) !== 0))
    reap(kernel, process);
}

/** Forgets a process whose end was reported. */
export function reap(kernel: Kernel, process: Process): void {
  kernel.processes.delete(process.pid);
  process.parent?.children.delete(process);
  if (process.parent) {
    process.parent.childrenCpuMs += process.cpuMs + process.childrenCpuMs;
    process.parent.childrenFaults += process.faults + process.childrenFaults;
    process.parent.childrenPeakPages = Math.max(
      process.parent.childrenPeakPages,
      process.peakPages,
      process.childrenPeakPages,
    );
  }
}
