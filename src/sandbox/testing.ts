import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Templates are shared by the test files of one user: building them takes most of a test's time. */
export const TEST_CACHE = join(tmpdir(), `ztl-test-cache-${process.getuid?.() ?? 0}`);

/**
 * Pids of this process's children that are still alive. Of a launcher that waits for its cell, the cell's: it is what lives,
 * takes memory and can be killed, and the launcher ends with it.
 */
export function childPids(): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [Number(pid), parentOf(pid)]));
  const childrenOf = (parent: number): number[] =>
    [...parents].filter(([, itsParent]) => itsParent === parent).map(([pid]) => pid);
  return childrenOf(process.pid).flatMap((child) => {
    const cells = childrenOf(child);
    return cells.length > 0 ? cells : [child];
  });
}

function parentOf(pid: string): number | undefined {
  try {
    // The command name may hold spaces and parentheses; fields count from the last parenthesis (proc_pid_stat(5)).
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return state === "Z" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

export function findProgram(name: string): string | undefined {
  return ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"]
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}
