import { readdirSync, readFileSync } from "node:fs";
import koffi from "koffi";

/** linux/prctl.h */
const PR_SET_CHILD_SUBREAPER = 36;

/** From now on every descendant stays one, also when its parent is gone: none can hide by outliving who started it. */
export function adoptDescendants(): void {
  // SAFETY: prctl(2) takes five integers here, which travel in registers; no memory is handed over.
  const prctl = koffi.load("libc.so.6").func("int prctl(int, ulong, ulong, ulong, ulong)");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) throw new Error("this process cannot adopt its descendants");
}

/** Every living process below this one. */
export function descendants(): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const found: number[] = [];
  const queue = [process.pid];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const below = children.get(pid) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200);
  } catch {
    return "";
  }
}

/** Undefined for one that has ended. */
function parentOf(pid: string): number | undefined {
  try {
    // The command name may hold spaces and parentheses; fields count from the last parenthesis (proc_pid_stat(5)).
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return state === "Z" || state === "X" ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
