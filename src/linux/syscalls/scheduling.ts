import { fail } from "../errno.ts";
import { Capability } from "../process/capabilities.ts";
import { may } from "../process/identity.ts";
import type { Task } from "../process/task.ts";
import type { Call, SyscallTable } from "./call.ts";
import { partial } from "./standing.ts";

/*
 * One CPU and one policy: what may be asked is answered as Linux answers it for an ordinary process, what would change
 * something needs a privilege nobody here has (sched(7)).
 */

/** Policies (linux/sched.h). */
const Policy = { other: 0, fifo: 1, roundRobin: 2, batch: 3, idle: 5, deadline: 6 } as const;
const REALTIME: readonly number[] = [Policy.fifo, Policy.roundRobin];
const KNOWN: readonly number[] = Object.values(Policy);
/** Highest real-time priority (MAX_RT_PRIO - 1, linux/sched/prio.h). */
const REALTIME_PRIORITY_MAX = 99;

/** The process that all others come from on Linux; here nobody's number. */
const INIT_PID = 1;

/** The thread a call means, 0 being the caller: EINVAL, ESRCH. */
function target(call: Call): Task {
  return call.int(0) < 0 ? fail("EINVAL") : threadOf(call);
}

function threadOf(call: Call): Task {
  const tid = call.int(0);
  if (tid === 0) return call.task;
  return call.kernel.scheduler.tasks.find((task) => task.tid === tid) ?? fail("ESRCH");
}

function setScheduler(call: Call, policy: number, parameters: number): number {
  if (parameters === 0) fail("EINVAL");
  const priority = call.memory.readI32(parameters);
  target(call);
  if (!KNOWN.includes(policy) || policy === Policy.deadline) fail("EINVAL");
  if (REALTIME.includes(policy)) fail(priority < 1 || priority > REALTIME_PRIORITY_MAX ? "EINVAL" : "EPERM");
  return priority === 0 ? 0 : fail("EINVAL");
}

function priorityOf(call: Call, realtime: number): number {
  if (!KNOWN.includes(call.int(0))) fail("EINVAL");
  return REALTIME.includes(call.int(0)) ? realtime : 0;
}

/** The kinds of targets of getpriority(2). */
const Which = { process: 0, group: 1, user: 2 } as const;

/** The threads a call means: ESRCH when there is none. */
function priorityTargets(call: Call): Task[] {
  const id = call.int(1);
  const { tasks } = call.kernel.scheduler;
  const found = (matches: (task: Task) => boolean): Task[] => {
    const targets = tasks.filter(matches);
    return targets.length === 0 ? fail("ESRCH") : targets;
  };
  switch (call.int(0)) {
    case Which.process:
      return id === 0 ? [call.task] : found(({ tid }) => tid === id);
    case Which.group:
      return found(({ process }) => process.processGroup === (id === 0 ? call.process.processGroup : id));
    case Which.user: {
      const user = id === 0 ? call.process.identity.user.real : id;
      return found(({ process }) => process.identity.user.real === user);
    }
    default:
      return fail("EINVAL");
  }
}

const NICE_MIN = -20;
const NICE_MAX = 19;
/** RLIMIT_NICE (asm-generic/resource.h): how far below, counted from 20 down (getrlimit(2)). */
const RLIMIT_NICE = 13;

function setPriority(call: Call): number {
  const targets = priorityTargets(call);
  const nice = Math.min(Math.max(call.int(2), NICE_MIN), NICE_MAX);
  const { identity, limits } = call.process;
  const { effective } = identity.user;
  const lowest = 20 - (limits.get(RLIMIT_NICE)?.soft ?? 0);
  for (const task of targets) {
    const { real, effective: owner } = task.process.identity.user;
    if (may(identity, Capability.sysNice)) continue;
    if (effective !== real && effective !== owner) fail("EPERM");
    if (nice < task.nice && nice < lowest) fail("EACCES");
  }
  for (const task of targets) task.nice = nice;
  return 0;
}

/** Size of the CPU mask in bytes: one word. */
const MASK_BYTES = 8;

const ORDINARY_TURNS = "ordinary policies only; EPERM for real-time ones";

export const schedulingCalls: SyscallTable = {
  sched_yield: () => 0,
  sched_getaffinity(call) {
    if (call.uint(1) < MASK_BYTES || call.uint(1) % MASK_BYTES !== 0) fail("EINVAL");
    threadOf(call);
    call.memory.writeU64(call.unsigned(2), 1);
    return MASK_BYTES;
  },
  sched_setaffinity(call) {
    const mask = call.memory.read(call.unsigned(2), Math.min(call.uint(1), MASK_BYTES));
    threadOf(call);
    return (mask[0] & 1) === 0 ? fail("EINVAL") : 0;
  },
  sched_getscheduler(call) {
    if (call.int(0) !== INIT_PID) target(call);
    return Policy.other;
  },
  sched_setscheduler: partial(ORDINARY_TURNS, (call) => setScheduler(call, call.int(1), call.unsigned(2))),
  sched_setparam: partial(ORDINARY_TURNS, (call) => setScheduler(call, Policy.other, call.unsigned(1))),
  sched_getparam(call) {
    if (call.unsigned(1) === 0) fail("EINVAL");
    target(call);
    call.memory.writeU32(call.unsigned(1), 0);
    return 0;
  },
  sched_get_priority_max: (call) => priorityOf(call, REALTIME_PRIORITY_MAX),
  sched_get_priority_min: (call) => priorityOf(call, 1),
  sched_rr_get_interval(call) {
    target(call);
    call.memory.write(call.unsigned(1), Buffer.alloc(16));
    return 0;
  },
  // The system call gives 20 minus the nice value, so that it is never negative.
  getpriority: (call) => Math.max(...priorityTargets(call).map(({ nice }) => 20 - nice)),
  setpriority: partial("kept and shown; turns are equally long for all", setPriority),
};
