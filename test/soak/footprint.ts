import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { childPids } from "../../src/sandbox/testing.ts";

/** What this process and its cells hold on to. */
export interface Footprint {
  readonly descriptors: number;
  readonly memoryFiles: number;
  readonly residentMiB: number;
  readonly children: number;
  /** Names in /dev/shm and this package's in the temporary directory. */
  readonly leftFiles: number;
  readonly cells: readonly { readonly residentMiB: number; readonly descriptors: number; readonly threads: number }[];
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

export function footprint(): Footprint {
  collectGarbage();
  const descriptors = readdirSync("/proc/self/fd");
  const pids = childPids();
  return {
    descriptors: descriptors.length,
    memoryFiles: descriptors.filter((fd) => linkOf(`/proc/self/fd/${fd}`).startsWith("/memfd:")).length,
    residentMiB: statusField("self", "VmRSS") / 1024,
    children: pids.length,
    leftFiles:
      readdirSync("/dev/shm").length + readdirSync(tmpdir()).filter((name) => name.startsWith("ztl-template-")).length,
    cells: pids.flatMap(cellFootprint),
  };
}

function cellFootprint(pid: number): Footprint["cells"] {
  try {
    return [
      {
        residentMiB: statusField(pid, "VmRSS") / 1024,
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
        threads: statusField(pid, "Threads"),
      },
    ];
  } catch {
    // It ended between being listed and being looked at.
    return [];
  }
}

function statusField(pid: number | "self", name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
