import { readFileSync } from "node:fs";
import { filterProgram } from "../seccomp/filter.ts";
import { startCalls } from "../seccomp/start-calls.ts";
import { Descriptor } from "./descriptors.ts";
import { addMountNamespace } from "./mounts.ts";
import type { OwnFiles } from "./own-files.ts";
import { addWaitingParent } from "./parent.ts";
import { addReport } from "./report.ts";
import { Call } from "./system-calls.ts";
import { CallTable, type Label } from "./table.ts";

/** Walls that a host may lack; the names are those of `run.isolation`. */
export const LAYERS = [
  "user",
  "mount",
  "pid",
  "network",
  "ipc",
  "uts",
  "cgroup",
  "landlock",
  "resources",
  "uid",
] as const;
export type Layer = (typeof LAYERS)[number];

/** linux/sched.h */
const NAMESPACE_FLAGS = {
  user: 0x1000_0000,
  mount: 0x0002_0000,
  network: 0x4000_0000,
  ipc: 0x0800_0000,
  uts: 0x0400_0000,
  cgroup: 0x0200_0000,
  pid: 0x2000_0000,
} as const;

/** linux/prctl.h, linux/securebits.h */
const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE, each locked, and KEEP_CAPS locked off. */
const SECUREBITS = 0xef;
const SIGKILL = 9;
/** linux/capability.h: header of version 3 for the calling thread. */
const CAPABILITY_VERSION_3 = 0x2008_0522;
/** When the kernel does not say: CAP_CHECKPOINT_RESTORE, the newest since 5.9. */
const LAST_CAPABILITY = 40;

/** linux/resource.h: FSIZE, CORE, NOFILE, MEMLOCK, MSGQUEUE, NICE, RTPRIO. */
const Resource = { fileSize: 1, core: 4, openFiles: 7, lockedMemory: 8, messageQueues: 12, nice: 13, realtime: 14 };
/** The highest (proc_pid_oom_score_adj(5)). */
const OOM_SCORE = "1000";
/** 256 mounts at most with a descriptor each, as many open files, and some that Node keeps. */
const OPEN_FILES = 1024;

/** linux/seccomp.h */
const SECCOMP_SET_MODE_FILTER = 1;
const AT_FDCWD = -100;
const O_WRONLY = 1;
/** fcntl(2) */
const F_SETFD = 2;
const FD_CLOEXEC = 1;

export interface LaunchOptions {
  /** What to execute, by its real path, and its arguments, the first of which is its own name; without, it only tries. */
  readonly program: string | undefined;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Walls to put up. */
  readonly layers: ReadonlySet<Layer>;
  /** Host paths that the guest is shown. */
  readonly readable: readonly string[];
  readonly own: OwnFiles;
  /** Directories of the host to be empty, where something around them is readable; what is named inside them is not. */
  readonly masked?: readonly string[] | undefined;
  /** A directory in which files may be made. */
  readonly writable?: string | undefined;
  /** The largest file it may write (RLIMIT_FSIZE). */
  readonly fileBytesMax: number;
}

/**
 * Everything between the host's `spawn` and the first instruction of the program, as a list of system calls.
 * @param instead adds what is done in place of executing the program: tests have other steps.
 */
export function launchTable(
  options: LaunchOptions,
  instead?: (table: CallTable) => void,
): { readonly table: CallTable; readonly program: Uint8Array } {
  const table = new CallTable();
  const dying = table.newLabel();
  const { layers } = options;
  table.call("setsid", Call.setsid, [], { onError: "next" });
  table.call("die with the host", Call.prctl, [PR_SET_PDEATHSIG, SIGKILL]);
  table.call("close inherited descriptors", Call.closeRange, [Descriptor.firstOther, 0xffff_ffff, 0]);
  addFirstToGo(table);
  const within = (layer: Layer, add: () => void): void => {
    if (!layers.has(layer)) return;
    table.layer = layer;
    add();
    table.layer = undefined;
  };
  // First, since whatever it starts is a member, too. Zero stands for the writer (cgroups(7)).
  within("resources", () => table.call("join the group", Call.write, [Descriptor.group, table.text("0"), 1]));
  addLimits(table, options);
  if (layers.has("uid")) {
    // Mounts are mapped by whoever may mount on the host; after that, root is left behind.
    within("mount", () => {
      table.call("namespace: mount", Call.unshare, [NAMESPACE_FLAGS.mount]);
      addMountNamespace(table, options);
    });
    within("uid", () => addOwnUser(table));
    addNamespaces(table, layers, ["user", "mount"]);
  } else {
    addNamespaces(table, layers);
    within("mount", () => addMountNamespace(table, options));
  }
  within("pid", () => addWaitingParent(table));
  table.call("die with the launcher", Call.prctl, [PR_SET_PDEATHSIG, SIGKILL]);
  table.call("no new privileges", Call.prctl, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]);
  addNoCapabilities(table);
  within("landlock", () => table.call("landlock", Call.landlockRestrictSelf, [Descriptor.ruleset, 0]));
  table.call("close the ruleset", Call.close, [Descriptor.ruleset]);
  for (const fd of [Descriptor.group, Descriptor.user])
    table.call("close what was for the launcher", Call.close, [fd], { onError: "next" });
  const path = table.text(options.program ?? "");
  addFilter(table, path, options);
  addReport(table);
  instead?.(table);
  if (options.program === undefined) table.call("exit", Call.exitGroup, [0]);
  table.call("close the report on execution", Call.fcntl, [Descriptor.report, F_SETFD, FD_CLOEXEC]);
  table.call("execute", Call.execve, [path, table.texts(options.argv), table.texts(options.env)]);
  addDying(table, dying);
  return { table, program: table.toProgram(dying) };
}

/** A launch that fails says where, and ends. */
function addDying(table: CallTable, dying: Label): void {
  table.place(dying);
  addReport(table, "next");
  // 125: as env(1) and its like end when they themselves fail.
  table.call("exit", Call.exitGroup, [125], { onError: "next" });
}

/** When the host's memory runs out, whatever a cell did for it, a cell is what the kernel ends, not the host process. */
function addFirstToGo(table: CallTable): void {
  const path = table.text("/proc/self/oom_score_adj");
  // The lowest free descriptor: those below are all taken. Without /proc there is none, and the next two fail.
  const fd = Descriptor.firstOther;
  table.call("open oom_score_adj", Call.openat, [AT_FDCWD, path, O_WRONLY], { onError: "next" });
  table.call("be the first to go", Call.write, [fd, table.text(OOM_SCORE), OOM_SCORE.length], { onError: "next" });
  table.call("close oom_score_adj", Call.close, [fd], { onError: "next" });
}

function addLimits(table: CallTable, { fileBytesMax }: LaunchOptions): void {
  const limit = (name: string, resource: number, value: number): void => {
    const pair = table.bytes(new Uint8Array(BigUint64Array.of(BigInt(value), BigInt(value)).buffer));
    // A lower limit that cannot be raised to this one is as good.
    table.call(`limit: ${name}`, Call.prlimit64, [0, resource, pair, 0], { onError: "next" });
  };
  limit("core files", Resource.core, 0);
  limit("file size", Resource.fileSize, fileBytesMax);
  limit("open files", Resource.openFiles, OPEN_FILES);
  limit("locked memory", Resource.lockedMemory, 0);
  limit("message queues", Resource.messageQueues, 0);
  limit("priority", Resource.nice, 0);
  limit("realtime priority", Resource.realtime, 0);
}

/** The user namespace first: in it, the others need no privilege. */
function addNamespaces(table: CallTable, layers: ReadonlySet<Layer>, done: readonly Layer[] = []): void {
  for (const [name, flag] of Object.entries(NAMESPACE_FLAGS)) {
    if (!layers.has(name as Layer) || done.includes(name as Layer)) continue;
    table.layer = name;
    table.call(`namespace: ${name}`, Call.unshare, [flag]);
    if (name === "user") addIdentity(table);
    table.layer = undefined;
  }
}

/**
 * The one user and group inside are those outside (user_namespaces(7)). Root without CAP_SETFCAP, as in a container without
 * capabilities, may not map itself: its namespace then has no user at all, and it goes on with the others all the same.
 */
function addIdentity(table: CallTable): void {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  for (const [file, text] of [
    ["setgroups", "deny"],
    ["gid_map", `${gid} ${gid} 1`],
    ["uid_map", `${uid} ${uid} 1`],
  ] as const) {
    // The lowest free descriptor: those below are all taken.
    const fd = Descriptor.firstOther;
    const onError = file === "uid_map" && uid === 0 ? "next" : "die";
    table.call(`open ${file}`, Call.openat, [AT_FDCWD, table.text(`/proc/self/${file}`), O_WRONLY]);
    table.call(`write ${file}`, Call.write, [fd, table.text(text), text.length], { onError });
    table.call(`close ${file}`, Call.close, [fd]);
  }
}

/** Becomes the user that is called 0 in the prepared namespace (own-user.ts), with no group beside its own. */
function addOwnUser(table: CallTable): void {
  table.call("enter the user namespace", Call.setns, [Descriptor.user, NAMESPACE_FLAGS.user]);
  table.call("no other groups", Call.setgroups, [0, 0]);
  table.call("own group", Call.setresgid, [0, 0, 0]);
  table.call("own user", Call.setresuid, [0, 0, 0]);
  // Another user's process forgets with whom it was to die (prctl(2)).
  table.call("die with the host all the same", Call.prctl, [PR_SET_PDEATHSIG, SIGKILL]);
}

function addNoCapabilities(table: CallTable): void {
  // Only whoever has CAP_SETPCAP can do the first two; whoever has not, has no capabilities either.
  for (let capability = 0; capability <= lastCapability(); capability++) {
    table.call("drop a capability", Call.prctl, [PR_CAPBSET_DROP, capability, 0, 0, 0], { onError: "next" });
  }
  table.call("lock secure bits", Call.prctl, [PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0], { onError: "next" });
  table.call("no ambient capabilities", Call.prctl, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]);
  const header = table.bytes(new Uint8Array(Uint32Array.of(CAPABILITY_VERSION_3, 0).buffer));
  table.call("no capabilities", Call.capset, [header, table.bytes(new Uint8Array(24))]);
}

function lastCapability(): number {
  try {
    return Number(readFileSync("/proc/sys/kernel/cap_last_cap", "latin1"));
  } catch {
    return LAST_CAPABILITY;
  }
}

function addFilter(table: CallTable, program: number, { writable }: LaunchOptions): void {
  const filter = filterProgram(startCalls(program, writable !== undefined), {
    errno: 38 /* ENOSYS, asm-generic/errno.h */,
  });
  // struct sock_fprog: count, padding, address of the instructions.
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, filter.length / 8, true);
  header.setBigUint64(8, BigInt(table.bytes(filter)), true);
  const address = table.bytes(new Uint8Array(header.buffer));
  table.call("seccomp", Call.seccomp, [SECCOMP_SET_MODE_FILTER, 0, address]);
}
