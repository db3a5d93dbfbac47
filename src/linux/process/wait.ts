import { fail } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { Signal } from "../signals/signals.ts";
import type { Process } from "./process.ts";
import { reap } from "./report-end.ts";

/** Options of wait4 and waitid (linux/wait.h). */
export const WaitOption = {
  noHang: 1,
  stopped: 2,
  exited: 4,
  continued: 8,
  noWait: 0x0100_0000,
  noThread: 0x2000_0000,
  all: 0x4000_0000,
  clone: 0x8000_0000,
} as const;

/** Children that do not send SIGCHLD are waited for with __WCLONE or __WALL only (wait(2)). */
export function isKindWanted(child: Process, options: number): boolean {
  if ((options & WaitOption.all) !== 0) return true;
  return (child.exitSignal !== Signal.SIGCHLD) === ((options & WaitOption.clone) !== 0);
}

/** What became of a child. */
export interface ChildEvent {
  readonly child: Process;
  readonly kind: "exited" | "signaled" | "stopped" | "continued";
  /** Exit code or signal number. */
  readonly value: number;
  readonly core: boolean;
}

/** The status word of wait4 (wait(2)). */
export function statusWord(event: ChildEvent): number {
  if (event.kind === "exited") return (event.value & 0xff) << 8;
  if (event.kind === "signaled") return event.value | (event.core ? 0x80 : 0);
  return event.kind === "stopped" ? (event.value << 8) | 0x7f : 0xffff;
}

/** The children a wait call means: all, those of a group, or one. ECHILD when there are none. */
export function waitableChildren(parent: Process, selector: (child: Process) => boolean): Process[] {
  const children = [...parent.children].filter(selector);
  return children.length > 0 ? children : fail("ECHILD");
}

/** The first event among the children that the options ask for. */
export function findEvent(children: readonly Process[], options: number): ChildEvent | undefined {
  for (const child of children) {
    if (child.exit && (options & WaitOption.exited) !== 0) {
      return child.exit.kind === "exited"
        ? { child, kind: "exited", value: child.exit.code, core: false }
        : { child, kind: "signaled", value: child.exit.signal, core: child.exit.core };
    }
    if (child.stopped && !child.stopped.reported && (options & WaitOption.stopped) !== 0) {
      return { child, kind: "stopped", value: child.stopped.signal, core: false };
    }
    if (child.continuedUnreported && (options & WaitOption.continued) !== 0) {
      return { child, kind: "continued", value: 18, core: false };
    }
  }
  return undefined;
}

/** Marks an event as reported: an ended child is gone for good. */
export function consumeEvent(kernel: Kernel, { child, kind }: ChildEvent): void {
  if (kind === "stopped" && child.stopped) child.stopped.reported = true;
  else if (kind === "continued") child.continuedUnreported = false;
  else reap(kernel, child);
}
