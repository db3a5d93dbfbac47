import { toByteString } from "../../base/byte-string.ts";
import type { Kernel } from "../kernel.ts";

interface MountLine {
  readonly path: string;
  readonly type: string;
  readonly options: string;
}

function mountLines(kernel: Kernel): MountLine[] {
  return kernel.config.plan.specs
    .filter(
      (spec) => spec.kind === "ro" || spec.kind === "overlay" || spec.kind === "tmpfs" || spec.kind === "synthetic",
    )
    .map((spec) => ({
      path: toByteString(spec.guest).replaceAll(" ", "\\040").replaceAll("\n", "\\012"),
      type: typeOf(spec.kind, spec.guest),
      options: spec.kind === "ro" ? "ro,relatime" : "rw,relatime",
    }));
}

function typeOf(kind: "ro" | "overlay" | "tmpfs" | "synthetic", guest: string): string {
  if (kind === "tmpfs") return "tmpfs";
  if (kind !== "synthetic") return "overlay";
  return guest === "/proc" ? "proc" : "devtmpfs";
}

/** /proc/PID/mounts (proc_pid_mounts(5)). */
export function mountsText(kernel: Kernel): string {
  return [
    "tmpfs / tmpfs rw,relatime 0 0",
    ...mountLines(kernel).map(({ path, type, options }) => `${type} ${path} ${type} ${options} 0 0`),
  ]
    .join("\n")
    .concat("\n");
}

/** /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function mountInfoText(kernel: Kernel): string {
  return mountLines(kernel)
    .map(({ path, type, options }, i) => `${i + 21} 20 0:${i + 21} / ${path} ${options} - ${type} ${type} rw\n`)
    .join("");
}
