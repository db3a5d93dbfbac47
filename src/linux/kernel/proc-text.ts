import { cpus } from "node:os";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../process/process.ts";

const kib = (bytes: number): number => Math.floor(bytes / 1024);

function stateOf(process: Process): string {
  if (process.exit) return "Z";
  if (process.stopped) return "T";
  return [...process.tasks].some((task) => !task.wait) ? "R" : "S";
}

function virtualBytes(process: Process): number {
  return process.exit ? 0 : process.memory.vmas.all.reduce((sum, vma) => sum + vma.end - vma.start, 0);
}

/** /proc/PID/stat: 52 fields (proc_pid_stat(5)); what we do not keep is 0. */
export function statLine(process: Process): string {
  const fields: (string | number)[] = new Array<number>(52).fill(0);
  const ticks = Math.floor(process.cpuMs / 10);
  fields[0] = process.pid;
  fields[1] = `(${process.name})`;
  fields[2] = stateOf(process);
  fields[3] = process.parent?.pid ?? 1;
  fields[4] = process.processGroup;
  fields[5] = process.session;
  fields[7] = -1;
  fields[13] = ticks;
  fields[15] = Math.floor(process.childrenCpuMs / 10);
  fields[17] = 20;
  fields[19] = process.tasks.size;
  fields[22] = virtualBytes(process);
  fields[23] = Math.floor(virtualBytes(process) / 4096);
  fields[24] = "18446744073709551615";
  fields[37] = 17;
  return `${fields.join(" ")}\n`;
}

const STATE_NAMES: Readonly<Record<string, string>> = {
  R: "R (running)",
  S: "S (sleeping)",
  T: "T (stopped)",
  Z: "Z (zombie)",
};

/** /proc/PID/status (proc_pid_status(5)). */
export function statusText(process: Process): string {
  const { uid, gid, groups } = process.credentials;
  const size = kib(virtualBytes(process));
  const four = (id: number): string => [id, id, id, id].join("\t");
  const lines: [string, string | number][] = [
    ["Name", process.name.replaceAll("\n", "\\n")],
    ["Umask", process.fs.umask.toString(8).padStart(4, "0")],
    ["State", STATE_NAMES[stateOf(process)] ?? "R (running)"],
    ["Tgid", process.pid],
    ["Pid", process.pid],
    ["PPid", process.parent?.pid ?? 1],
    ["TracerPid", 0],
    ["Uid", four(uid)],
    ["Gid", four(gid)],
    ["FDSize", 256],
    ["Groups", `${groups.join(" ")} `],
    ["VmPeak", `${size} kB`],
    ["VmSize", `${size} kB`],
    ["VmRSS", `${size} kB`],
    ["Threads", process.tasks.size],
    ["NoNewPrivs", 1],
    ["Cpus_allowed", "1"],
    ["Cpus_allowed_list", "0"],
  ];
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

const LIMIT_NAMES = [
  ["Max cpu time", "seconds"],
  ["Max file size", "bytes"],
  ["Max data size", "bytes"],
  ["Max stack size", "bytes"],
  ["Max core file size", "bytes"],
  ["Max resident set", "bytes"],
  ["Max processes", "processes"],
  ["Max open files", "files"],
  ["Max locked memory", "bytes"],
  ["Max address space", "bytes"],
  ["Max file locks", "locks"],
  ["Max pending signals", "signals"],
  ["Max msgqueue size", "bytes"],
  ["Max nice priority", ""],
  ["Max realtime priority", ""],
  ["Max realtime timeout", "us"],
] as const;

export function limitsText(process: Process): string {
  const shown = (value: number | undefined): string =>
    value === undefined || !Number.isFinite(value) ? "unlimited" : String(value);
  const rows = LIMIT_NAMES.map(([name, unit], resource) => {
    const limit = process.limits.get(resource);
    return `${name.padEnd(25)} ${shown(limit?.soft).padEnd(20)} ${shown(limit?.hard).padEnd(20)} ${unit.padEnd(10)}\n`;
  });
  return `${"Limit".padEnd(25)} ${"Soft Limit".padEnd(20)} ${"Hard Limit".padEnd(20)} ${"Units".padEnd(10)}\n${rows.join("")}`;
}

/** /proc/meminfo: the run's memory limit is the machine's memory. */
export function meminfo(kernel: Kernel): string {
  const total = kib(kernel.limits.memoryBytes);
  const free = Math.max(total - kib(kernel.allowance.usedBytes), 0);
  const rows: [string, number][] = [
    ["MemTotal", total],
    ["MemFree", free],
    ["MemAvailable", free],
    ["Buffers", 0],
    ["Cached", 0],
    ["SwapCached", 0],
    ["Active", 0],
    ["Inactive", 0],
    ["SwapTotal", 0],
    ["SwapFree", 0],
    ["Dirty", 0],
    ["Shmem", 0],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`).join("");
}

export function cpuinfo(): string {
  const model = cpus()[0]?.model ?? "x86-64";
  return `processor\t: 0\nvendor_id\t: ${/intel/i.test(model) ? "GenuineIntel" : "AuthenticAMD"}\nmodel name\t: ${model}\ncpu MHz\t\t: 0.000\nsiblings\t: 1\ncpu cores\t: 1\nflags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt avx avx2\n\n`;
}
