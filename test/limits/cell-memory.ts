import { readFileSync, writeFileSync } from "node:fs";
import { childPids } from "../../src/sandbox/testing.ts";

/** The most memory each cell of this process had since {@link forgetPeaks}, and how many descriptors it has. */
export interface CellUse {
  readonly pid: number;
  readonly peakBytes: number;
}

/** Starts a new measurement (proc(5), /proc/PID/clear_refs). */
export function forgetPeaks(): void {
  for (const pid of childPids()) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export function cellUse(): readonly CellUse[] {
  return childPids().map((pid) => ({ pid, peakBytes: field(pid, "VmHWM") * 1024 }));
}

function field(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
