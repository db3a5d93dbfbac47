import { fail } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { procNet } from "../net/proc-net.ts";
import { Capability } from "../process/capabilities.ts";
import { may } from "../process/identity.ts";
import type { Process } from "../process/process.ts";
import type { ProcFile, ProcLink } from "../vfs/index.ts";
import { mapsLine, smapsRollupText, smapsText, statmText } from "./proc-memory.ts";
import { mountInfoText, mountsText } from "./proc-mounts.ts";
import { limitsText, statLine, statusText } from "./proc-text.ts";

/** The files of /proc/PID but those of descriptors (proc_pid(5)). */
export function processFiles(kernel: Kernel, process: Process | undefined): ReadonlyMap<string, ProcFile> {
  if (!process) return new Map();
  const nullTerminated = (strings: readonly string[]): string =>
    process.exit ? "" : strings.map((text) => `${text}\0`).join("");
  return new Map<string, ProcFile>([
    ["cmdline", () => nullTerminated(process.strings.commandLine)],
    ["environ", () => nullTerminated(process.strings.environment)],
    ["comm", () => `${process.name}\n`],
    ["stat", () => statLine(process, kernel.terminals.controlling(process))],
    ["status", () => statusText(process)],
    ["statm", () => statmText(process)],
    ["maps", () => (process.exit ? "" : process.memory.vmas.all.map(mapsLine).join(""))],
    ["smaps", () => smapsText(process)],
    ["smaps_rollup", () => smapsRollupText(process)],
    ["limits", () => limitsText(process)],
    ["mounts", () => mountsText(kernel)],
    ["mountinfo", () => mountInfoText(kernel)],
    ["cgroup", () => "0::/\n"],
    ["oom_score", () => `${Math.max(process.oomAdjustment, 0)}\n`],
    ["oom_score_adj", { read: () => `${process.oomAdjustment}\n`, write: (text) => adjustOom(kernel, process, text) }],
    ["loginuid", () => "4294967295"],
    ["sessionid", () => "4294967295"],
    ["wchan", () => "0"],
    ["personality", () => "00000000\n"],
    [
      "schedstat",
      () => `${Math.round(process.cpuMs * 1e6)} 0 ${process.switches.voluntary + process.switches.forced}\n`,
    ],
    ["io", () => IO_TEXT],
    ...procNet(kernel.network).map(([name, read]) => [`net/${name}`, read] as const),
  ]);
}

/** Nothing is read from or written to a disk here; what passes through calls is not counted. */
const IO_TEXT = ["rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes"]
  .map((name) => `${name}: 0\n`)
  .join("");

const OOM_ADJUSTMENT_MAX = 1000;

/** Kept and shown; when the run's memory is used up, all of it ends (proc_pid_oom_score_adj(5)). */
function adjustOom(kernel: Kernel, process: Process, text: string): void {
  const value = /^\s*[+-]?\d{1,9}\s*$/.test(text) ? Number(text) : fail("EINVAL");
  if (Math.abs(value) > OOM_ADJUSTMENT_MAX) fail("EINVAL");
  // Below what it was lowered to by a privileged process nobody else may go.
  const caller = kernel.caller;
  const isPrivileged = caller !== undefined && may(caller.identity, Capability.sysResource);
  if (value < process.oomAdjustmentMin && !isPrivileged) fail("EACCES");
  if (isPrivileged) process.oomAdjustmentMin = value;
  process.oomAdjustment = value;
}

/** Namespaces by name: there is one of each (namespaces(7)); the numbers are those of Linux's first ones (linux/proc_ns.h). */
const NAMESPACES: Readonly<Record<string, readonly [kind: string, inode: number]>> = {
  cgroup: ["cgroup", 0xeffffffb],
  ipc: ["ipc", 0xefffffff],
  mnt: ["mnt", 0xf0000000],
  net: ["net", 0xf0000001],
  pid: ["pid", 0xeffffffc],
  pid_for_children: ["pid", 0xeffffffc],
  time: ["time", 0xeffffffa],
  time_for_children: ["time", 0xeffffffa],
  user: ["user", 0xeffffffd],
  uts: ["uts", 0xeffffffe],
};

/** /proc/PID/ns: names that can be compared, and lead nowhere. */
export const NAMESPACE_LINKS: ReadonlyMap<string, ProcLink> = new Map(
  Object.entries(NAMESPACES).map(([name, [kind, inode]]) => [
    name,
    { text: () => `${kind}:[${inode}]`, follow: () => undefined },
  ]),
);
