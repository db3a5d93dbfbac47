import { toByteString } from "../../base/byte-string.ts";
import type { Kernel } from "../kernel.ts";
import { Protection, type Vma } from "../memory/vma.ts";
import type { Process } from "../process/process.ts";
import { descriptionLocation } from "../syscalls/open.ts";
import type { Location, ProcFile, ProcLink, ProcSource } from "../vfs/index.ts";
import { cpuinfo, limitsText, meminfo, statLine, statusText } from "./proc-text.ts";

/** What /proc shows of a run's processes (proc(5)). */
export function procSource(kernel: Kernel): ProcSource {
  const alive = (pid: number): Process | undefined => kernel.processes.get(pid);
  return {
    processes: () => [...kernel.processes.keys()].sort((a, b) => a - b),
    self: () => kernel.caller?.pid,
    owner: (pid) => alive(pid)?.credentials ?? { uid: 0, gid: 0 },
    files: (pid) => processFiles(kernel, alive(pid)),
    links: (pid) => processLinks(kernel, alive(pid)),
    has: (pid) => kernel.processes.has(pid),
    descriptors: (pid) => descriptors(alive(pid)),
    descriptor: (pid, number) => descriptorLink(kernel, alive(pid), number),
    threads: (pid) => [...(alive(pid)?.tasks ?? [])].map((task) => task.tid),
    global: globalFiles(kernel),
  };
}

function processFiles(kernel: Kernel, process: Process | undefined): ReadonlyMap<string, ProcFile> {
  if (!process) return new Map();
  const nullTerminated = (strings: readonly string[]): string =>
    process.exit ? "" : strings.map((text) => `${text}\0`).join("");
  return new Map<string, ProcFile>([
    ["cmdline", () => nullTerminated(process.strings.commandLine)],
    ["environ", () => nullTerminated(process.strings.environment)],
    ["comm", () => `${process.name}\n`],
    ["stat", () => statLine(process)],
    ["status", () => statusText(process)],
    ["statm", () => statm(process)],
    ["maps", () => (process.exit ? "" : process.memory.vmas.all.map(mapsLine).join(""))],
    ["limits", () => limitsText(process)],
    ["mounts", () => mounts(kernel)],
    ["mountinfo", () => mountInfo(kernel)],
    ["cgroup", () => "0::/\n"],
    ["oom_score", () => "0\n"],
    ["oom_score_adj", { read: () => "0\n", write: () => {} }],
    ["loginuid", () => "4294967295"],
    ["wchan", () => "0"],
    // No interface: only the header lines.
    [
      "net/dev",
      () =>
        "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n",
    ],
  ]);
}

function mapsLine(vma: Vma): string {
  const { protection } = vma;
  const rights = `${protection & Protection.read ? "r" : "-"}${protection & Protection.write ? "w" : "-"}${protection & Protection.execute ? "x" : "-"}${vma.shared ? "s" : "p"}`;
  const range = `${vma.start.toString(16).padStart(8, "0")}-${vma.end.toString(16).padStart(8, "0")}`;
  const offset = (vma.file?.offset ?? 0).toString(16).padStart(8, "0");
  const name = vma.file?.mapped.path ?? vma.name ?? "";
  const head = `${range} ${rights} ${offset} 00:00 ${vma.file ? 1 : 0}`;
  return `${name ? `${head.padEnd(72)} ${name.replaceAll("\n", "\\012")}` : head}\n`;
}

function statm(process: Process): string {
  const pages = process.exit ? 0 : process.memory.vmas.all.reduce((sum, vma) => sum + (vma.end - vma.start) / 4096, 0);
  return `${pages} ${pages} 0 0 0 ${pages} 0\n`;
}

function link(kernel: Kernel, location: () => Location | undefined, fallback = ""): ProcLink {
  return {
    text: () => {
      const found = location();
      return found ? kernel.vfs.pathname(found) : fallback;
    },
    follow: location,
  };
}

function processLinks(kernel: Kernel, process: Process | undefined): ReadonlyMap<string, ProcLink> {
  if (!process) return new Map();
  const executable = (): Location | undefined =>
    process.executable ??
    (process.executablePath === undefined ? undefined : kernel.vfs.resolveFromRoot(process.executablePath));
  return new Map([
    ["exe", link(kernel, executable)],
    ["cwd", link(kernel, () => process.fs.cwd)],
    ["root", link(kernel, () => process.fs.root)],
  ]);
}

function descriptors(process: Process | undefined): readonly number[] {
  return !process || process.exit ? [] : Array.from(process.files.all(), ([descriptor]) => descriptor);
}

function descriptorLink(kernel: Kernel, process: Process | undefined, descriptor: number): ProcLink | undefined {
  const file = !process || process.exit ? undefined : process.files.peek(descriptor);
  if (file === undefined) return undefined;
  const { location } = file;
  return location
    ? link(kernel, () => location)
    : { text: () => file.label, follow: () => descriptionLocation(kernel.vfs, file) };
}

function mountLines(kernel: Kernel): { readonly path: string; readonly type: string; readonly options: string }[] {
  return kernel.config.plan.specs
    .filter(
      (spec) => spec.kind === "ro" || spec.kind === "overlay" || spec.kind === "tmpfs" || spec.kind === "synthetic",
    )
    .map((spec) => ({
      path: toByteString(spec.guest).replaceAll(" ", "\\040").replaceAll("\n", "\\012"),
      type:
        spec.kind === "tmpfs"
          ? "tmpfs"
          : spec.kind === "synthetic"
            ? spec.guest === "/proc"
              ? "proc"
              : "devtmpfs"
            : "overlay",
      options: spec.kind === "ro" ? "ro,relatime" : "rw,relatime",
    }));
}

function mounts(kernel: Kernel): string {
  return [
    "tmpfs / tmpfs rw,relatime 0 0",
    ...mountLines(kernel).map(({ path, type, options }) => `${type} ${path} ${type} ${options} 0 0`),
  ]
    .join("\n")
    .concat("\n");
}

function mountInfo(kernel: Kernel): string {
  return mountLines(kernel)
    .map(({ path, type, options }, i) => `${i + 21} 20 0:${i + 21} / ${path} ${options} - ${type} ${type} rw\n`)
    .join("");
}

/** A version 4 UUID (RFC 9562, 5.4) of 16 random bytes. */
function formatUuid(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function globalFiles(kernel: Kernel): ReadonlyMap<string, ProcFile> {
  const uuid = (): string => formatUuid(kernel.random(new Uint8Array(16)));
  const bootId = uuid();
  const uptime = (): string => (Number(kernel.clock.monotonicNs() / 10_000_000n) / 100).toFixed(2);
  return new Map<string, ProcFile>([
    ["meminfo", () => meminfo(kernel)],
    ["cpuinfo", cpuinfo],
    ["uptime", () => `${uptime()} ${uptime()}\n`],
    ["loadavg", () => `0.00 0.00 0.00 1/${kernel.processes.size} ${kernel.main?.pid ?? 1}\n`],
    ["version", () => "Linux version 6.1.0-ztl (zero-trust-loop) #1 SMP\n"],
    [
      "stat",
      () =>
        "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nintr 0\nctxt 0\nbtime 0\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
    ],
    ["filesystems", () => "nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n"],
    ["mounts", () => mounts(kernel)],
    ["cmdline", () => "\n"],
    ["sys/kernel/ostype", () => "Linux\n"],
    ["sys/kernel/osrelease", () => "6.1.0-ztl\n"],
    ["sys/kernel/version", () => "#1 SMP\n"],
    ["sys/kernel/hostname", () => `${kernel.config.hostname}\n`],
    ["sys/kernel/pid_max", () => "4194304\n"],
    ["sys/kernel/cap_last_cap", () => "40\n"],
    ["sys/kernel/ngroups_max", () => "65536\n"],
    ["sys/kernel/threads-max", () => `${kernel.limits.processes}\n`],
    ["sys/kernel/random/boot_id", () => `${bootId}\n`],
    ["sys/kernel/random/uuid", () => `${uuid()}\n`],
    ["sys/kernel/random/entropy_avail", () => "256\n"],
    ["sys/vm/overcommit_memory", () => "0\n"],
    ["sys/vm/max_map_count", () => "65530\n"],
    ["sys/fs/pipe-max-size", () => "1048576\n"],
    ["sys/fs/file-max", () => `${kernel.limits.openFiles}\n`],
  ]);
}
