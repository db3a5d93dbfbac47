import { cpus } from "node:os";
import { PAGE_SIZE } from "../../vmm/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Ids } from "../process/identity.ts";
import type { Process } from "../process/process.ts";
import { QUEUED_MAX } from "../signals/pending.ts";
import { bit, SIG_DFL, SIG_IGN } from "../signals/signals.ts";
import type { Pty } from "../terminal/index.ts";
import { kibOf, memorySizes, residentBytes } from "./proc-memory.ts";

function stateOf(process: Process): string {
  if (process.exit) return "Z";
  if (process.stopped) return "T";
  return [...process.tasks].some((task) => !task.wait) ? "R" : "S";
}

/** /proc/PID/stat: 52 fields (proc_pid_stat(5)); what we do not keep is 0. */
export function statLine(process: Process, terminal?: Pty): string {
  const fields: (string | number)[] = new Array<number>(52).fill(0);
  const ticks = Math.floor(process.cpuMs / 10);
  const sizes = memorySizes(process);
  const nice = niceOf(process);
  fields[0] = process.pid;
  fields[1] = `(${process.name})`;
  fields[2] = stateOf(process);
  fields[3] = process.parent?.pid ?? 1;
  fields[4] = process.processGroup;
  fields[5] = process.session;
  fields[6] = terminal?.slave.stat().rdev ?? 0;
  fields[7] = terminal?.foreground ?? -1;
  fields[9] = process.faults;
  fields[10] = process.childrenFaults;
  fields[13] = ticks;
  fields[15] = Math.floor(process.childrenCpuMs / 10);
  fields[17] = 20 + nice;
  fields[18] = nice;
  fields[19] = process.tasks.size;
  fields[21] = Math.floor(process.startedMs / 10);
  fields[22] = sizes.virtual;
  fields[23] = residentBytes(sizes) / PAGE_SIZE;
  fields[24] = "18446744073709551615";
  fields[37] = process.exitSignal;
  return `${fields.join(" ")}\n`;
}

function niceOf(process: Process): number {
  for (const { nice } of process.tasks) return nice;
  return 0;
}

const STATE_NAMES: Readonly<Record<string, string>> = {
  R: "R (running)",
  S: "S (sleeping)",
  T: "T (stopped)",
  Z: "Z (zombie)",
};

type Row = readonly [name: string, value: string | number];

/** /proc/PID/status (proc_pid_status(5)). */
export function statusText(process: Process): string {
  const { user, group, groups } = process.identity;
  const four = ({ real, effective, saved, fs }: Ids): string => [real, effective, saved, fs].join("\t");
  const rows: Row[] = [
    ["Name", process.name.replaceAll("\n", "\\n")],
    ["Umask", process.fs.umask.toString(8).padStart(4, "0")],
    ["State", STATE_NAMES[stateOf(process)] ?? "R (running)"],
    ["Tgid", process.pid],
    ["Ngid", 0],
    ["Pid", process.pid],
    ["PPid", process.parent?.pid ?? 1],
    ["TracerPid", 0],
    ["Uid", four(user)],
    ["Gid", four(group)],
    ["FDSize", 256],
    ["Groups", `${groups.join(" ")} `],
    ["NStgid", process.pid],
    ["NSpid", process.pid],
    ["NSpgid", process.processGroup],
    ["NSsid", process.session],
    ...(process.exit ? [] : memoryRows(process)),
    ["Threads", process.tasks.size],
    ...signalRows(process),
    ...capabilityRows(process),
    ["NoNewPrivs", 1],
    ["Seccomp", 0],
    ["Cpus_allowed", "1"],
    ["Cpus_allowed_list", "0"],
    ["Mems_allowed", "1"],
    ["Mems_allowed_list", "0"],
    ["voluntary_ctxt_switches", process.switches.voluntary],
    ["nonvoluntary_ctxt_switches", process.switches.forced],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

function memoryRows(process: Process): Row[] {
  const sizes = memorySizes(process);
  const resident = residentBytes(sizes);
  const rows: [string, number][] = [
    ["VmPeak", sizes.virtual],
    ["VmSize", sizes.virtual],
    ["VmLck", 0],
    ["VmPin", 0],
    ["VmHWM", Math.max(resident, process.peakPages * PAGE_SIZE)],
    ["VmRSS", resident],
    ["RssAnon", sizes.anonymous],
    ["RssFile", sizes.file],
    ["RssShmem", sizes.shared],
    ["VmData", sizes.data],
    ["VmStk", sizes.stack],
    ["VmExe", sizes.text],
    ["VmLib", 0],
    ["VmPTE", 0],
    ["VmSwap", 0],
  ];
  return rows.map(([name, bytes]) => [name, `${String(kibOf(bytes)).padStart(8)} kB`]);
}

const hexadecimal = (mask: bigint): string => mask.toString(16).padStart(16, "0");

function capabilityRows({ identity }: Process): Row[] {
  const { inheritable, permitted, effective, bounding, ambient } = identity.capabilities;
  return Object.entries({
    CapInh: inheritable,
    CapPrm: permitted,
    CapEff: effective,
    CapBnd: bounding,
    CapAmb: ambient,
  }).map(([name, mask]) => [name, hexadecimal(mask)]);
}

function signalRows(process: Process): Row[] {
  const [first] = process.tasks;
  const actionsThat = (matches: (handler: number) => boolean): bigint =>
    process.actions.reduce(
      (mask, action, signal) => (action !== undefined && matches(action.handler) ? mask | bit(signal) : mask),
      0n,
    );
  return [
    ["SigQ", `0/${QUEUED_MAX}`],
    ["SigPnd", hexadecimal(first?.pending.mask ?? 0n)],
    ["ShdPnd", hexadecimal(process.pending.mask)],
    ["SigBlk", hexadecimal(first?.signalMask ?? 0n)],
    ["SigIgn", hexadecimal(actionsThat((handler) => handler === SIG_IGN))],
    ["SigCgt", hexadecimal(actionsThat((handler) => handler !== SIG_IGN && handler !== SIG_DFL))],
  ];
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
  const total = kibOf(kernel.limits.memoryBytes);
  const free = Math.max(total - kibOf(kernel.allowance.usedBytes), 0);
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
