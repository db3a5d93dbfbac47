import type { Kernel } from "../kernel.ts";
import { BACKLOG_MAX, BUFFER_BYTES } from "../net/abi.ts";
import { EPHEMERAL_FIRST, EPHEMERAL_LAST } from "../net/ports.ts";
import type { ProcFile } from "../vfs/index.ts";
import { mountsText } from "./proc-mounts.ts";
import { cpuinfo, meminfo } from "./proc-text.ts";

/** A version 4 UUID (RFC 9562, 5.4) of 16 random bytes. */
function formatUuid(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** USER_HZ: ticks per second in what /proc shows (times(2)). */
const TICKS_PER_SECOND = 100;

/** /proc/stat (proc_stat(5)): one CPU, whose time is the run's. */
function statText(kernel: Kernel): string {
  const { clock, scheduler, diagnostics, processes } = kernel;
  const uptimeTicks = Number(clock.monotonicNs() / 10_000_000n);
  const busyMs = clock.isVirtual ? clock.usedMs : scheduler.cpuMs;
  const busyTicks = Math.min(Math.floor((busyMs * TICKS_PER_SECOND) / 1000), uptimeTicks);
  const cpu = `${busyTicks} 0 0 ${uptimeTicks - busyTicks} 0 0 0 0 0 0`;
  const running = scheduler.tasks.filter((task) => !task.wait).length;
  const lines = [
    `cpu  ${cpu}`,
    `cpu0 ${cpu}`,
    "intr 0",
    `ctxt ${diagnostics.switches}`,
    `btime ${bootSeconds(kernel)}`,
    `processes ${processes.size}`,
    `procs_running ${Math.max(running, 1)}`,
    "procs_blocked 0",
    "softirq 0 0 0 0 0 0 0 0 0 0 0",
  ];
  return `${lines.join("\n")}\n`;
}

/** When the machine was started, in seconds since 1970: what times of processes are counted from. */
function bootSeconds({ clock }: Kernel): bigint {
  return (clock.realtimeNs() - clock.monotonicNs()) / 1_000_000_000n;
}

/** The counters of proc_vmstat(5) that tools look for; paging to a disk there is none. */
function vmstatText({ allowance, diagnostics, limits }: Kernel): string {
  const pages = (bytes: number): number => Math.floor(bytes / 4096);
  const used = pages(allowance.usedBytes);
  const rows: [string, number][] = [
    ["nr_free_pages", Math.max(pages(limits.memoryBytes) - used, 0)],
    ["nr_anon_pages", used],
    ["nr_mapped", 0],
    ["nr_file_pages", 0],
    ["nr_dirty", 0],
    ["nr_writeback", 0],
    ["nr_shmem", 0],
    ["pgpgin", 0],
    ["pgpgout", 0],
    ["pswpin", 0],
    ["pswpout", 0],
    ["pgfault", diagnostics.faults],
    ["pgmajfault", 0],
    ["oom_kill", 0],
  ];
  return rows.map(([name, value]) => `${name} ${value}\n`).join("");
}

/** What programs ask before they use the network (Documentation/networking/ip-sysctl.rst, admin-guide/sysctl/net.rst). */
const NETWORK_SETTINGS: Readonly<Record<string, string | number>> = {
  "net/core/somaxconn": BACKLOG_MAX,
  "net/core/rmem_default": BUFFER_BYTES,
  "net/core/rmem_max": BUFFER_BYTES,
  "net/core/wmem_default": BUFFER_BYTES,
  "net/core/wmem_max": BUFFER_BYTES,
  "net/ipv4/ip_local_port_range": `${EPHEMERAL_FIRST}\t${EPHEMERAL_LAST}`,
  "net/ipv4/ip_unprivileged_port_start": 1024,
  "net/ipv4/ip_forward": 0,
  "net/ipv4/ping_group_range": "1\t0",
  "net/ipv4/tcp_congestion_control": "cubic",
  "net/ipv4/tcp_available_congestion_control": "cubic",
  "net/ipv6/conf/all/disable_ipv6": 0,
  "net/unix/max_dgram_qlen": 512,
};

/** Settings of /proc/sys that programs read; the values are Linux's defaults where nothing here decides them. */
function settings({ config, limits }: Kernel): Readonly<Record<string, string | number>> {
  return {
    ...NETWORK_SETTINGS,
    "kernel/ostype": "Linux",
    "kernel/osrelease": "6.1.0-ztl",
    "kernel/version": "#1 SMP",
    "kernel/hostname": config.hostname,
    "kernel/domainname": "(none)",
    "kernel/pid_max": 4_194_304,
    "kernel/cap_last_cap": 40,
    "kernel/ngroups_max": 65_536,
    "kernel/threads-max": limits.processes,
    "kernel/randomize_va_space": 0,
    "kernel/perf_event_paranoid": 4,
    "kernel/core_pattern": "core",
    "kernel/core_uses_pid": 0,
    "kernel/overflowuid": 65_534,
    "kernel/overflowgid": 65_534,
    "kernel/yama/ptrace_scope": 1,
    "kernel/random/entropy_avail": 256,
    "kernel/random/poolsize": 256,
    "vm/overcommit_memory": 0,
    "vm/overcommit_ratio": 50,
    "vm/max_map_count": 65_530,
    "vm/swappiness": 60,
    "vm/mmap_min_addr": 65_536,
    "fs/pipe-max-size": 1_048_576,
    "fs/pipe-user-pages-soft": 16_384,
    "fs/pipe-user-pages-hard": 0,
    "fs/file-max": limits.openFiles,
    "fs/nr_open": 1_048_576,
    "fs/overflowuid": 65_534,
    "fs/overflowgid": 65_534,
    "fs/suid_dumpable": 0,
    "fs/protected_hardlinks": 1,
    "fs/protected_symlinks": 1,
    "fs/aio-max-nr": 65_536,
    "fs/aio-nr": 0,
  };
}

/** The files of /proc outside the processes' directories (proc(5)). */
export function globalFiles(kernel: Kernel): ReadonlyMap<string, ProcFile> {
  const uuid = (): string => formatUuid(kernel.random(new Uint8Array(16)));
  const bootId = uuid();
  const uptime = (): string => (Number(kernel.clock.monotonicNs() / 10_000_000n) / 100).toFixed(2);
  return new Map<string, ProcFile>([
    ["meminfo", () => meminfo(kernel)],
    ["cpuinfo", cpuinfo],
    ["uptime", () => `${uptime()} ${uptime()}\n`],
    ["loadavg", () => `0.00 0.00 0.00 1/${kernel.processes.size} ${kernel.main?.pid ?? 1}\n`],
    ["version", () => "Linux version 6.1.0-ztl (zero-trust-loop) #1 SMP\n"],
    ["stat", () => statText(kernel)],
    ["vmstat", () => vmstatText(kernel)],
    ["filesystems", () => "nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n"],
    ["mounts", () => mountsText(kernel)],
    ["cmdline", () => "\n"],
    ["diskstats", () => ""],
    ["partitions", () => "major minor  #blocks  name\n\n"],
    ["swaps", () => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"],
    ["interrupts", () => "           CPU0       \n"],
    ["softirqs", () => "                    CPU0       \n"],
    ["devices", () => "Character devices:\n  1 mem\n  5 /dev/tty\n\nBlock devices:\n"],
    ["misc", () => ""],
    ["modules", () => ""],
    ["buddyinfo", () => ""],
    ["zoneinfo", () => ""],
    ...Object.entries(settings(kernel)).map(([name, value]) => [`sys/${name}`, () => `${value}\n`] as const),
    ["sys/kernel/random/boot_id", () => `${bootId}\n`],
    ["sys/kernel/random/uuid", () => `${uuid()}\n`],
    ["sys/fs/file-nr", () => `${kernel.openFiles.count}\t0\t${kernel.limits.openFiles}\n`],
  ]);
}
