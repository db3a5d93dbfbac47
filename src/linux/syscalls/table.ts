import type { SyscallHandler, SyscallTable } from "./call.ts";
import { copyingCalls } from "./copying.ts";
import { descriptorCalls } from "./descriptors.ts";
import { futexCalls } from "./futex.ts";
import { identityCalls } from "./identity.ts";
import { memoryCalls } from "./memory.ts";
import { messageCalls } from "./messages.ts";
import { type SyscallName, syscallNumbers } from "./names.ts";
import { pathCalls } from "./paths.ts";
import { pollCalls } from "./poll.ts";
import { processCalls } from "./processes.ts";
import { schedulingCalls } from "./scheduling.ts";
import { semaphoreCalls } from "./semaphores.ts";
import { sharedMemoryCalls } from "./shared-memory.ts";
import { signalFileCalls } from "./signal-files.ts";
import { signalCalls } from "./signals.ts";
import { socketCalls } from "./sockets.ts";
import type { Standing } from "./standing.ts";
import { systemCalls } from "./system.ts";
import { timeCalls } from "./time.ts";
import { timerCalls } from "./timers.ts";
import { transferCalls } from "./transfer.ts";
import { waitCalls } from "./wait.ts";
import { watchingCalls } from "./watching.ts";

/** Every system call we answer, by name. */
const entries: SyscallTable = {
  ...descriptorCalls,
  ...futexCalls,
  ...identityCalls,
  ...memoryCalls,
  ...messageCalls,
  ...pathCalls,
  ...pollCalls,
  ...processCalls,
  ...schedulingCalls,
  ...semaphoreCalls,
  ...sharedMemoryCalls,
  ...signalCalls,
  ...signalFileCalls,
  ...socketCalls,
  ...systemCalls,
  ...timeCalls,
  ...timerCalls,
  ...transferCalls,
  ...copyingCalls,
  ...waitCalls,
  ...watchingCalls,
};

const byNumber: (SyscallHandler | undefined)[] = [];
const standings = new Map<number, Standing>();
for (const [number, name] of syscallNumbers()) {
  const entry = entries[name];
  byNumber[number] = typeof entry === "object" ? entry.handler : entry;
  const standing = standingOf(name);
  if (standing !== undefined) standings.set(number, standing);
}

/** How far we answer the call of this name; undefined for one that we do not know: ENOSYS. */
export function standingOf(name: SyscallName): Standing | undefined {
  const entry = entries[name];
  if (entry === undefined) return undefined;
  return typeof entry === "object" ? entry.standing : { kind: "implemented" };
}

/** The same by number. */
export function syscallStanding(number: number): Standing | undefined {
  return standings.get(number);
}

/** The handler of a system call number, or undefined: ENOSYS. */
export function syscallHandler(number: number): SyscallHandler | undefined {
  return byNumber[number];
}

export { syscallName } from "./names.ts";
