import { toByteString } from "../../base/byte-string.ts";
import { fail } from "../errno.ts";
import { toU64 } from "../memory/wide.ts";
import { watchCpuLimit } from "../process/cpu-limit.ts";
import type { Process, ResourceLimit } from "../process/process.ts";
import { SIGNAL_MAX } from "../signals/signals.ts";
import type { Call, SyscallTable } from "./call.ts";
import { capabilityControl } from "./capabilities.ts";
import { partial, refused } from "./standing.ts";

/** What uname shows: the ABI we answer, not the host (uname(2)). */
const RELEASE = "6.1.0-ztl";
const VERSION = "#1 SMP";
const FIELD_BYTES = 65;

function uname(call: Call): number {
  const bytes = Buffer.alloc(6 * FIELD_BYTES);
  const fields = [
    "Linux",
    toByteString(call.kernel.config.hostname).slice(0, 64),
    RELEASE,
    VERSION,
    "x86_64",
    "(none)",
  ];
  fields.forEach((text, i) => bytes.write(text, i * FIELD_BYTES, "latin1"));
  call.memory.write(call.unsigned(0), bytes);
  return 0;
}

function sysinfo(call: Call): number {
  const { allowance, limits, scheduler } = call.kernel;
  const bytes = Buffer.alloc(112);
  const used = allowance.usedBytes;
  bytes.writeBigInt64LE(call.kernel.clock.monotonicNs() / 1_000_000_000n, 0);
  bytes.writeBigUInt64LE(BigInt(limits.memoryBytes), 32);
  bytes.writeBigUInt64LE(BigInt(Math.max(limits.memoryBytes - used, 0)), 40);
  bytes.writeUInt16LE(scheduler.taskCount, 80);
  bytes.writeUInt32LE(1, 104);
  call.memory.write(call.unsigned(0), bytes);
  return 0;
}

/** Random bytes are made in pieces of this size, so that a huge request cannot hold the host's memory. */
const RANDOM_PIECE_BYTES = 65_536;

function getrandom(call: Call): number {
  if ((call.uint(2) & ~7) !== 0) fail("EINVAL");
  const length = Math.min(call.unsigned(1), 32 * 1024 * 1024);
  return call.memory.visit(call.unsigned(0), length, true, (piece) => {
    for (let at = 0; at < piece.length; at += RANDOM_PIECE_BYTES)
      call.kernel.random(piece.subarray(at, at + RANDOM_PIECE_BYTES));
    return piece.length;
  });
}

const RLIMIT_CPU = 0;
const RLIMIT_NOFILE = 7;
const RESOURCES = 16;
const INFINITE = 0xffff_ffff_ffff_ffffn;

function limitBytes(limit: ResourceLimit): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(Number.isFinite(limit.soft) ? toU64(limit.soft) : INFINITE, 0);
  bytes.writeBigUInt64LE(Number.isFinite(limit.hard) ? toU64(limit.hard) : INFINITE, 8);
  return bytes;
}

function resourceLimit(call: Call, target: Process, resource: number, newAddress: number, oldAddress: number): number {
  if (resource < 0 || resource >= RESOURCES) fail("EINVAL");
  const old = target.limits.get(resource) ?? { soft: Infinity, hard: Infinity };
  if (newAddress !== 0) {
    const bytes = call.memory.read(newAddress, 16);
    const decode = (offset: number) =>
      bytes.readBigUInt64LE(offset) === INFINITE ? Infinity : Number(bytes.readBigUInt64LE(offset));
    const wanted = { soft: decode(0), hard: decode(8) };
    if (wanted.soft > wanted.hard) fail("EINVAL");
    if (wanted.hard > old.hard) fail("EPERM");
    target.limits.set(resource, wanted);
    if (resource === RLIMIT_NOFILE) target.files.limit = wanted.soft;
    if (resource === RLIMIT_CPU) watchCpuLimit(call.kernel, target);
  }
  if (oldAddress !== 0) call.memory.write(oldAddress, limitBytes(old));
  return 0;
}

/** prctl operations (linux/prctl.h). */
const Prctl = {
  setPdeathsig: 1,
  getPdeathsig: 2,
  getDumpable: 3,
  setDumpable: 4,
  setName: 15,
  getName: 16,
  setTimerSlack: 29,
  getTimerSlack: 30,
  setSubreaper: 36,
  getSubreaper: 37,
  setNoNewPrivs: 38,
  getNoNewPrivs: 39,
  setThp: 41,
  getThp: 42,
} as const;

function prctl(call: Call): number {
  const { process, task } = call;
  switch (call.int(0)) {
    case Prctl.setName:
      task.name = (
        call.memory.readString(call.unsigned(1), 16) ?? call.memory.read(call.unsigned(1), 15).toString("latin1")
      ).slice(0, 15);
      return 0;
    case Prctl.getName: {
      const name = Buffer.alloc(16);
      name.write(task.name, "latin1");
      call.memory.write(call.unsigned(1), name);
      return 0;
    }
    case Prctl.getDumpable:
      return process.dumpable;
    case Prctl.setDumpable:
      if (call.unsigned(1) > 1) fail("EINVAL");
      process.dumpable = call.int(1);
      return 0;
    case Prctl.getNoNewPrivs:
      return 1;
    case Prctl.setNoNewPrivs:
    case Prctl.setTimerSlack:
    case Prctl.setThp:
      return 0;
    case Prctl.setPdeathsig:
      if (call.unsigned(1) > SIGNAL_MAX) fail("EINVAL");
      process.parentDeathSignal = call.int(1);
      return 0;
    case Prctl.getPdeathsig:
      call.memory.writeU32(call.unsigned(1), process.parentDeathSignal);
      return 0;
    case Prctl.getTimerSlack:
      return 50_000;
    case Prctl.getThp:
      return 0;
    case Prctl.setSubreaper:
      process.subreaper = call.unsigned(1) !== 0;
      return 0;
    case Prctl.getSubreaper:
      call.memory.writeU32(call.unsigned(1), process.subreaper ? 1 : 0);
      return 0;
    default:
      return capabilityControl(call) ?? fail("EINVAL");
  }
}

/** Why a call is refused, or less than on Linux, where several have it in common. */
const NO_MOUNTS = "mounts are the sandbox's; on Linux it takes privileges";
const WHOLE_MACHINE = "concerns the whole machine; on Linux it takes privileges";
const OTHER_PROCESS = "one process does not reach into another";
const NAMESPACES = "no namespaces inside: the guest has a machine of its own";
const NO_KEYS = "no key rings, as in a kernel built without them";
const NO_DISK = "accepted; there is no disk whose turn it could be";

export const systemCalls: SyscallTable = {
  uname,
  sysinfo,
  getrandom,
  prlimit64(call) {
    const pid = call.int(0);
    const target = pid === 0 ? call.process : (call.kernel.processes.get(pid) ?? fail("ESRCH"));
    return resourceLimit(call, target, call.int(1), call.unsigned(2), call.unsigned(3));
  },
  getrlimit: (call) => resourceLimit(call, call.process, call.int(0), 0, call.unsigned(1)),
  setrlimit: (call) => resourceLimit(call, call.process, call.int(0), call.unsigned(1), 0),
  prctl: partial("timer slack and transparent huge pages are accepted and change nothing", prctl),
  ioprio_get: partial(NO_DISK, () => 0),
  ioprio_set: partial(NO_DISK, () => 0),
  getcpu(call) {
    for (const pointer of [call.unsigned(0), call.unsigned(1)]) if (pointer !== 0) call.memory.writeU32(pointer, 0);
    return 0;
  },
  rseq: refused("ENOSYS", "optional: the C library does without"),
  io_uring_setup: refused("ENOSYS", "optional: programs fall back to ordinary reads and writes"),
  personality: partial("PER_LINUX without flags alone", (call) =>
    call.uint(0) === 0xffff_ffff || call.uint(0) === 0 ? 0 : fail("EINVAL"),
  ),
  mount: refused("EPERM", NO_MOUNTS),
  umount2: refused("EPERM", NO_MOUNTS),
  pivot_root: refused("EPERM", NO_MOUNTS),
  swapon: refused("EPERM", WHOLE_MACHINE),
  swapoff: refused("EPERM", WHOLE_MACHINE),
  reboot: refused("EPERM", WHOLE_MACHINE),
  sethostname: refused("EPERM", WHOLE_MACHINE),
  setdomainname: refused("EPERM", WHOLE_MACHINE),
  init_module: refused("EPERM", WHOLE_MACHINE),
  finit_module: refused("EPERM", WHOLE_MACHINE),
  delete_module: refused("EPERM", WHOLE_MACHINE),
  kexec_load: refused("EPERM", WHOLE_MACHINE),
  unshare: partial(`EPERM for anything: ${NAMESPACES}`, (call) => (call.uint(0) === 0 ? 0 : fail("EPERM"))),
  setns: refused("EPERM", NAMESPACES),
  ptrace: refused("EPERM", OTHER_PROCESS),
  process_vm_readv: refused("EPERM", OTHER_PROCESS),
  process_vm_writev: refused("EPERM", OTHER_PROCESS),
  perf_event_open: refused("EACCES", "the processor's counters are the host's"),
  bpf: refused("EPERM", "there is no kernel inside to load a program into"),
  userfaultfd: refused("EPERM", "as on a host where only root may handle page faults"),
  keyctl: refused("ENOSYS", NO_KEYS),
  add_key: refused("ENOSYS", NO_KEYS),
  request_key: refused("ENOSYS", NO_KEYS),
  seccomp: refused("EINVAL", "no filters inside: the guest's walls are outside"),
  syslog: refused("EPERM", WHOLE_MACHINE),
  iopl: refused("EPERM", WHOLE_MACHINE),
  ioperm: refused("EPERM", WHOLE_MACHINE),
  quotactl: refused("EPERM", WHOLE_MACHINE),
  acct: refused("EPERM", WHOLE_MACHINE),
  vhangup: refused("EPERM", WHOLE_MACHINE),
};
