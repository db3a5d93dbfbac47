import { LinuxError } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { FutexWord } from "./futex.ts";
import type { Task } from "./task.ts";

/** Locks looked at before a list counts as broken (ROBUST_LIST_LIMIT, linux/futex.h). */
const ENTRIES_MAX = 2048;
/** Set in an entry's address for a priority-inheriting lock. */
const PI_BIT = 1;

/** Marks the locks a dying thread still holds, so that their next owner learns of it (get_robust_list(2)). */
export function releaseRobustLocks(kernel: Kernel, task: Task): void {
  const head = task.robustList;
  if (head === 0) return;
  task.robustList = 0;
  try {
    walk(kernel, task, head);
  } catch (error) {
    // The list is the guest's own memory: when it is broken, the rest of it is left alone.
    if (!(error instanceof LinuxError)) throw error;
  }
}

function walk(kernel: Kernel, task: Task, head: number): void {
  const { user } = task.process.memory;
  const bytes = user.read(head, 24);
  const offset = Number(bytes.readBigInt64LE(8));
  const pending = Number(bytes.readBigUInt64LE(16));
  let entry = Number(bytes.readBigUInt64LE(0));
  for (let count = 0; count < ENTRIES_MAX && entry - (entry % 2) !== head; count++) {
    const next = user.readU64(entry - (entry % 2));
    if (entry !== pending) ownerDied(kernel, task, entry, offset, false);
    entry = next;
  }
  if (pending !== 0) ownerDied(kernel, task, pending, offset, true);
}

function ownerDied(kernel: Kernel, task: Task, entry: number, offset: number, isPending: boolean): void {
  const { memory } = task.process;
  const isPi = entry % 2 === PI_BIT;
  const address = entry - (entry % 2) + offset;
  if (address % 4 !== 0) return;
  const value = memory.user.readU32(address);
  const key = memory.futexKey(address);
  if (key === undefined) return;
  if (isPending && !isPi && value === 0) {
    kernel.futexes.wake(key, 1);
    return;
  }
  if ((value & FutexWord.ownerMask) !== task.tid) return;
  memory.user.writeU32(address, ((value & FutexWord.waiters) | FutexWord.ownerDied) >>> 0);
  if (!isPi && (value & FutexWord.waiters) !== 0) kernel.futexes.wake(key, 1);
}
