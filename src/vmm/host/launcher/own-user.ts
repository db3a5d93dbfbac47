import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { ProgramFile } from "./program-file.ts";
import { Call } from "./system-calls.ts";
import { CallTable } from "./table.ts";

/**
 * A user of its own for cells that root starts: one that owns nothing on the host. Root's files stay readable for it where they
 * are shown, since the mounts it sees say that root's files are its own (mount_setattr(2), MOUNT_ATTR_IDMAP), and inside its
 * user namespace it is called 0, as it was before.
 */

/** In none of the ranges that systemd's "Users, Groups, UIDs and GIDs" knows: "zt" and two zero bytes. */
const PREFERRED_ID = 0x7a74_0000;
/** The user that stands for nobody, who is not to be shared: linux/uidgid.h, DEFAULT_OVERFLOWUID. */
const NOBODY = 65_534;
/** linux/sched.h */
const CLONE_NEWUSER = 0x1000_0000;
/** The process that makes the namespace does so at once; this is for a host that is about to stand still. */
const TIMEOUT_MS = 5000;

export interface OwnUser {
  /** User and group on the host. */
  readonly id: number;
  /** The user namespace in which it is called 0. */
  readonly namespaceFd: number;
}

let known: OwnUser | string | undefined;

/** The user for cells of this process, or why there is none. */
export function ownUser(): OwnUser | string {
  known ??= make();
  return known;
}

function make(): OwnUser | string {
  if (process.geteuid?.() !== 0) return "only root can give cells a user of their own";
  const id = [PREFERRED_ID, NOBODY - 1].find((one) => isMapped("uid_map", one) && isMapped("gid_map", one));
  if (id === undefined) return "this user namespace has no user to spare";
  let child: ChildProcess | undefined;
  const file = new ProgramFile("ztl-namespace", waitingInNamespace());
  try {
    child = spawn(file.path, [], { stdio: "ignore", env: {}, cwd: "/" });
    child.on("error", () => {});
    child.unref();
    if (child.pid === undefined) return "no process could be started";
    const proc = `/proc/${child.pid}`;
    if (!hasNamespace(proc)) return "no user namespace could be made";
    for (const map of ["gid_map", "uid_map"]) writeFileSync(`${proc}/${map}`, `0 ${id} 1`);
    return { id, namespaceFd: openSync(`${proc}/ns/user`, "r") };
  } catch (error) {
    return `no user namespace could be made (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  } finally {
    child?.kill("SIGKILL");
    file.close();
  }
}

/** A program that makes a user namespace and waits to be killed: the descriptor then keeps the namespace. */
function waitingInNamespace(): Uint8Array {
  const table = new CallTable();
  const dying = table.newLabel();
  table.call("die with the host", Call.prctl, [1 /* PR_SET_PDEATHSIG, linux/prctl.h */, 9]);
  table.call("namespace: user", Call.unshare, [CLONE_NEWUSER]);
  table.call("wait", Call.poll, [0, 0, TIMEOUT_MS], { onError: "next" });
  table.place(dying);
  table.call("exit", Call.exitGroup, [1], { onError: "next" });
  return table.toProgram(dying);
}

/** Whether a user or group of this number exists here (user_namespaces(7)): first inside, first outside, how many. */
function isMapped(map: string, id: number): boolean {
  return readFileSync(`/proc/self/${map}`, "latin1")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number])
    .some(([first, , count]) => id >= first && id < first + count);
}

/** Waits until the process has a user namespace of its own; false when it ended without. */
function hasNamespace(proc: string): boolean {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = performance.now() + TIMEOUT_MS; performance.now() < deadline; Atomics.wait(pause, 0, 0, 1)) {
    if (readlinkSync(`${proc}/ns/user`) !== readlinkSync("/proc/self/ns/user")) return true;
    // proc_pid_stat(5): it waits to be reaped, which happens later than here.
    if (/\) [ZX] /.test(readFileSync(`${proc}/stat`, "latin1"))) return false;
  }
  return false;
}
