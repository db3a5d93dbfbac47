import { readdirSync, readFileSync, readlinkSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Groups of host processes that ended without taking them away, as after `kill -9`. */

const NAME = /^ztl-(\d+)-(\d+)-(\d+)$/;

/**
 * The name of this process's own group: its pid namespace, its pid and when it was started (proc_pid_stat(5), field 22), so
 * that no other process is ever taken for it.
 */
export function ownGroupName(): string {
  return `ztl-${pidNamespace()}-${process.pid}-${startTime(process.pid) ?? 0}`;
}

/** Removes groups by our name whose process is gone. The kernel removes none that still holds a process. */
export function removeStaleGroups(directory: string): void {
  const namespace = pidNamespace();
  for (const name of readdirSync(directory)) {
    const [, from, pid, started] = NAME.exec(name) ?? [];
    if (from !== namespace || startTime(Number(pid)) === started) continue;
    const group = join(directory, name);
    for (const cell of subgroups(group)) removeGroup(join(group, cell));
    removeGroup(group);
  }
}

/** True when it is gone. */
export function removeGroup(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function subgroups(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
}

/** Undefined when there is no such process. */
function startTime(pid: number): string | undefined {
  try {
    // The command name may hold blanks and parentheses; fields count from the last parenthesis.
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}
