import { fail } from "../errno.ts";
import { ARGUMENT_BYTES_MAX, ARGUMENT_STRING_MAX } from "../limits.ts";
import { loadProgram } from "../loader/program.ts";
import { startAt } from "../process/exec.ts";
import { dropOtherTasks } from "../process/exit.ts";
import { Clone, type CloneRequest, clone } from "../process/fork.ts";
import type { Process } from "../process/process.ts";
import { SIGNAL_MAX } from "../signals/signals.ts";
import { AT_FDCWD, type Call, REGISTERS_SET, type SyscallTable } from "./call.ts";
import { partial } from "./standing.ts";

/** Makes the child, then for vfork sleeps until it has its own program or is gone. */
function start(call: Call, request: CloneRequest): number {
  let child = call.memo as { readonly tid: number; readonly process: Process } | undefined;
  if (!child) {
    child = clone(call.kernel, call.task, request);
    call.memo = child;
  }
  const { tid, process } = child;
  if ((request.flags & Clone.vfork) === 0 || process.vforkDone) return tid;
  return call.block(() => process.vforkDone, { uninterruptible: true });
}

/** clone's low byte is the exit signal (clone(2)). */
const EXIT_SIGNAL_MASK = 0xff;

function cloneCall(call: Call): number {
  const flags = call.uint(0);
  return start(call, {
    flags: flags & ~EXIT_SIGNAL_MASK,
    exitSignal: flags & EXIT_SIGNAL_MASK,
    stack: call.unsigned(1),
    parentTid: call.unsigned(2),
    pidfdAt: call.unsigned(2),
    childTid: call.unsigned(3),
    tls: call.unsigned(4),
  });
}

/** Size of struct clone_args in its first version (CLONE_ARGS_SIZE_VER0, linux/sched.h). */
const CLONE_ARGS_BYTES = 64;

function clone3(call: Call): number {
  if (call.unsigned(1) < CLONE_ARGS_BYTES || call.unsigned(1) > 4096) fail("EINVAL");
  const args = call.memory.read(call.unsigned(0), CLONE_ARGS_BYTES);
  const field = (index: number): number => Number(args.readBigUInt64LE(8 * index));
  const stack = field(5);
  const exitSignal = field(4);
  if (exitSignal > SIGNAL_MAX) fail("EINVAL");
  return start(call, {
    flags: field(0),
    pidfdAt: field(1),
    childTid: field(2),
    parentTid: field(3),
    exitSignal,
    stack: stack === 0 ? 0 : stack + field(6),
    tls: field(7),
  });
}

/** A null-terminated array of string pointers, as byte strings: E2BIG past execve's limits. */
function stringArray(call: Call, address: number): string[] {
  const strings: string[] = [];
  let total = 0;
  for (let at = address; at !== 0; at += 8) {
    const pointer = call.memory.readU64(at);
    if (pointer === 0) break;
    const text = call.memory.readString(pointer, ARGUMENT_STRING_MAX) ?? fail("E2BIG");
    total += text.length + 9;
    if (total > ARGUMENT_BYTES_MAX) fail("E2BIG");
    strings.push(text);
  }
  return strings;
}

const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** What a script run by execveat(2) is told as its name. */
function nameByDescriptor(descriptor: number, path: string): string {
  if (descriptor === AT_FDCWD || path.startsWith("/")) return path;
  return path === "" ? `/dev/fd/${descriptor}` : `/dev/fd/${descriptor}/${path}`;
}

function execute(call: Call, pathIndex: number, directoryIndex: number | undefined, flags: number): number {
  const { kernel, process, task } = call;
  const path = call.path(pathIndex);
  const base = directoryIndex === undefined ? process.fs.cwd : call.directory(directoryIndex, path);
  const location =
    path === "" && (flags & AT_EMPTY_PATH) !== 0
      ? base
      : kernel.vfs.resolve(base, path, {
          followLast: (flags & AT_SYMLINK_NOFOLLOW) === 0,
          credentials: process.credentials,
        });
  const name = directoryIndex === undefined ? path : nameByDescriptor(call.int(directoryIndex), path);
  const argv = stringArray(call, call.unsigned(pathIndex + 1));
  const environment = stringArray(call, call.unsigned(pathIndex + 2));
  const loaded = loadProgram(kernel, {
    location,
    path: name,
    environment,
    cwd: process.fs.cwd,
    credentials: process.credentials,
    argv: argv.length === 0 ? [""] : argv,
    random: kernel.random(new Uint8Array(16)),
  });
  dropOtherTasks(kernel, task);
  // Whichever thread called is the whole process now, and so has its number.
  task.tid = process.pid;
  process.files = process.files.unshare();
  const old = process.memory;
  process.files.closeForExec();
  startAt(kernel, task, loaded, environment);
  process.hasExecuted = true;
  process.vforkDone = true;
  old.release();
  return REGISTERS_SET;
}

const NO_NAMESPACES = "no new namespaces: EPERM";

export const processCalls: SyscallTable = {
  clone: partial(NO_NAMESPACES, cloneCall),
  clone3: partial(NO_NAMESPACES, clone3),
  fork: (call) => start(call, { flags: 0, exitSignal: 17, stack: 0, parentTid: 0, pidfdAt: 0, childTid: 0, tls: 0 }),
  vfork: (call) =>
    start(call, {
      flags: Clone.vfork | Clone.vm,
      exitSignal: 17,
      stack: 0,
      parentTid: 0,
      pidfdAt: 0,
      childTid: 0,
      tls: 0,
    }),
  execve: (call) => execute(call, 0, undefined, 0),
  execveat: (call) => execute(call, 1, 0, call.int(4)),
  exit(call) {
    call.kernel.endTask(call.task, { kind: "exited", code: call.int(0) & 0xff });
    return REGISTERS_SET;
  },
  exit_group(call) {
    call.kernel.endProcess(call.process, { kind: "exited", code: call.int(0) & 0xff });
    return REGISTERS_SET;
  },
  getpid: (call) => call.process.pid,
  gettid: (call) => call.task.tid,
  getppid: (call) => call.process.parent?.pid ?? 1,
  set_tid_address(call) {
    call.task.clearChildTid = call.unsigned(0);
    return call.task.tid;
  },
  set_robust_list(call) {
    if (call.unsigned(1) !== 24) fail("EINVAL");
    call.task.robustList = call.unsigned(0);
    return 0;
  },
  setpgid(call) {
    const pid = call.int(0) === 0 ? call.process.pid : call.int(0);
    const group = call.int(1) === 0 ? pid : call.int(1);
    const target = call.kernel.processes.get(pid);
    if (group < 0) fail("EINVAL");
    if (!target || (target !== call.process && target.parent !== call.process)) return fail("ESRCH");
    if (target !== call.process && target.hasExecuted) fail("EACCES");
    if (target.session === target.pid || target.session !== call.process.session) fail("EPERM");
    const isGroup = ({ processGroup, session }: Process): boolean =>
      processGroup === group && session === target.session;
    if (group !== pid && ![...call.kernel.processes.values()].some(isGroup)) fail("EPERM");
    target.processGroup = group;
    return 0;
  },
  getpgid: (call) =>
    (call.int(0) === 0 ? call.process : (call.kernel.processes.get(call.int(0)) ?? fail("ESRCH"))).processGroup,
  getpgrp: (call) => call.process.processGroup,
  setsid(call) {
    if (call.process.processGroup === call.process.pid) fail("EPERM");
    call.process.session = call.process.processGroup = call.process.pid;
    return call.process.pid;
  },
  getsid: (call) =>
    (call.int(0) === 0 ? call.process : (call.kernel.processes.get(call.int(0)) ?? fail("ESRCH"))).session,
  arch_prctl(call) {
    const { fs, gs } = call.kernel.segmentBases(call.task);
    const address = call.unsigned(1);
    switch (call.int(0)) {
      case 0x1001: // ARCH_SET_GS (asm/prctl.h)
        if (address >= 0x7fff_ffff_f000) fail("EPERM");
        call.kernel.setSegmentBases(call.task, fs, address);
        return 0;
      case 0x1002: // ARCH_SET_FS
        if (address >= 0x7fff_ffff_f000) fail("EPERM");
        call.kernel.setSegmentBases(call.task, address, gs);
        return 0;
      case 0x1003: // ARCH_GET_FS
        call.memory.writeU64(address, fs);
        return 0;
      case 0x1004: // ARCH_GET_GS
        call.memory.writeU64(address, gs);
        return 0;
      default:
        return fail("EINVAL");
    }
  },
};
