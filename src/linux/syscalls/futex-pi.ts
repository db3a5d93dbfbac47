import { fail } from "../errno.ts";
import type { FutexKey } from "../memory/address-space.ts";
import { type FutexWaiter, FutexWord } from "../process/futex.ts";
import type { Call } from "./call.ts";

/*
 * Priority-inheriting locks (futex(2), "Priority-inheritance futexes"). With one CPU and one priority there is nothing to
 * inherit: what remains is that the kernel keeps the word, which names the owner, and hands the lock on.
 */

interface PiMemo {
  readonly waiter: FutexWaiter;
  readonly deadlineMs: number;
}

function ownerOf(call: Call, word: number) {
  const tid = word & FutexWord.ownerMask;
  return tid === 0 ? undefined : call.kernel.scheduler.tasks.find((task) => task.tid === tid);
}

/** Makes the caller the owner. */
function take(call: Call, address: number, word: number, othersWait: boolean): number {
  call.memory.writeU32(
    address,
    ((word & FutexWord.ownerDied) | call.task.tid | (othersWait ? FutexWord.waiters : 0)) >>> 0,
  );
  return 0;
}

/** FUTEX_LOCK_PI: EDEADLK for its own lock, ESRCH when the word names nobody. `deadline` is asked once, for the scheduler's time. */
export function lockPi(call: Call, key: FutexKey, deadline: () => number): number {
  const address = call.unsigned(0);
  const word = call.memory.readU32(address);
  const tid = word & FutexWord.ownerMask;
  const memo = call.memo as PiMemo | undefined;
  const { futexes } = call.kernel;
  const owner = ownerOf(call, word);
  if (tid === call.task.tid) fail("EDEADLK");
  if (tid === 0 || (memo && !owner)) {
    if (memo) futexes.remove(memo.waiter);
    return take(call, address, word, memo !== undefined && futexes.hasOthers(memo.waiter));
  }
  if (!owner) fail("ESRCH");
  const { waiter, deadlineMs } = memo ?? begin(call, key, deadline);
  if (call.kernel.clock.nowMs() >= deadlineMs) {
    futexes.remove(waiter);
    fail("ETIMEDOUT");
  }
  call.memory.writeU32(address, (word | FutexWord.waiters) >>> 0);
  const { memory } = call.process;
  const { words } = call.kernel.machine.memory;
  // The lock is free, its owner died without a robust list, or the word is gone, which the next look at it tells.
  const isFree = (): boolean => {
    const physical = memory.translate(address, false);
    const now = physical < 0 ? 0 : words[physical / 4];
    return (now & FutexWord.ownerMask) === 0 || !ownerOf(call, now);
  };
  const interrupted = (): number => {
    futexes.remove(waiter);
    return 0;
  };
  return call.block(isFree, { deadlineMs, interrupted });
}

function begin(call: Call, key: FutexKey, deadline: () => number): PiMemo {
  // Bitset 0: an ordinary wake does not find this waiter.
  const memo = { waiter: { task: call.task, bitset: 0, woken: false, key }, deadlineMs: deadline() };
  call.memo = memo;
  call.kernel.futexes.add(memo.waiter);
  return memo;
}

export function tryLockPi(call: Call): number {
  const address = call.unsigned(0);
  const word = call.memory.readU32(address);
  if ((word & FutexWord.ownerMask) === call.task.tid) fail("EDEADLK");
  if ((word & FutexWord.ownerMask) !== 0) fail("EAGAIN");
  return take(call, address, word, (word & FutexWord.waiters) !== 0);
}

/** FUTEX_UNLOCK_PI: EPERM when it is not the caller's. Whoever waits finds the word free. */
export function unlockPi(call: Call): number {
  const address = call.unsigned(0);
  const word = call.memory.readU32(address);
  if ((word & FutexWord.ownerMask) !== call.task.tid) fail("EPERM");
  call.memory.writeU32(address, (word & FutexWord.waiters) >>> 0);
  return 0;
}
