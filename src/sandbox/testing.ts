import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Templates are shared by the test files of one user: building them takes most of a test's time. */
export const TEST_CACHE = join(tmpdir(), `ztl-test-cache-${process.getuid?.() ?? 0}`);

/** Pids of this process's children that are still alive. */
export function childPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === process.pid)
    .map(Number);
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
