import type { Kernel } from "../kernel.ts";
import { send } from "../signals/delivery.ts";
import { SiCode } from "../signals/signals.ts";
import type { Process } from "./process.ts";
import { reportEnd } from "./report-end.ts";

/** Hands the children of a process that ends to its nearest subreaper, or to nobody (init), and sends their death signals. */
export function orphanChildren(kernel: Kernel, process: Process): void {
  const reaper = nextReaper(process);
  for (const child of process.children) {
    if (child.parentDeathSignal !== 0) {
      send(child, {
        signal: child.parentDeathSignal,
        code: SiCode.user,
        pid: process.pid,
        uid: process.identity.user.real,
      });
    }
    child.parent = reaper;
    reaper?.children.add(child);
    if (!child.exit) continue;
    if (reaper) reportEnd(kernel, child, child.exit);
    else kernel.processes.delete(child.pid);
  }
  process.children.clear();
}

function nextReaper(process: Process): Process | undefined {
  for (let one = process.parent; one; one = one.parent) if (one.subreaper && !one.exit) return one;
  return undefined;
}
