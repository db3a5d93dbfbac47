import { Errno, fail } from "../errno.ts";
import type { FutexKey } from "../memory/address-space.ts";
import type { FutexWaiter } from "../process/futex.ts";
import type { Call, SyscallTable } from "./call.ts";
import { lockPi, tryLockPi, unlockPi } from "./futex-pi.ts";
import { deadlineIn, readTimespecMs } from "./timespec.ts";

/** futex operations (linux/futex.h). */
const Futex = {
  wait: 0,
  wake: 1,
  requeue: 3,
  cmpRequeue: 4,
  wakeOp: 5,
  lockPi: 6,
  unlockPi: 7,
  tryLockPi: 8,
  waitBitset: 9,
  wakeBitset: 10,
  lockPi2: 13,
} as const;
const COMMAND_MASK = 0x7f;
const CLOCK_REALTIME = 0x100;
const ALL_BITS = 0xffff_ffff;

interface Memo {
  readonly waiter: FutexWaiter;
  readonly deadlineMs: number;
}

function key(call: Call, address: number): FutexKey {
  if (address % 4 !== 0) fail("EINVAL");
  return call.process.memory.futexKey(address) ?? fail("EFAULT");
}

function wait(call: Call, bitset: number, absolute: boolean): number {
  const memo = call.memo as Memo | undefined;
  if (memo) return resume(call, memo);
  const address = call.unsigned(0);
  if (bitset === 0) fail("EINVAL");
  const word = key(call, address);
  if (call.memory.readU32(address) !== call.uint(2)) fail("EAGAIN");
  const waiter: FutexWaiter = { task: call.task, bitset, woken: false, key: word };
  call.memo = { waiter, deadlineMs: deadline(call, absolute) } satisfies Memo;
  call.kernel.futexes.add(waiter);
  return resume(call, call.memo as Memo);
}

function deadline(call: Call, absolute: boolean, realtime = (call.uint(1) & CLOCK_REALTIME) !== 0): number {
  const pointer = call.unsigned(3);
  if (pointer === 0) return Number.POSITIVE_INFINITY;
  const timeMs = readTimespecMs(call, pointer);
  if (!absolute) return deadlineIn(call, timeMs);
  const { clock } = call.kernel;
  const nowMs = Number(realtime ? clock.realtimeNs() : clock.monotonicNs()) / 1e6;
  return deadlineIn(call, timeMs - nowMs);
}

function resume(call: Call, { waiter, deadlineMs }: Memo): number {
  if (waiter.woken) return 0;
  if (call.kernel.clock.nowMs() >= deadlineMs) {
    call.kernel.futexes.remove(waiter);
    fail("ETIMEDOUT");
  }
  // A sleeper that leaves for a handler must not use up a wake meant for others.
  const interrupted = (): number => {
    call.kernel.futexes.remove(waiter);
    return waiter.woken ? 0 : -Errno.EINTR;
  };
  const restartable = !waiter.woken && deadlineMs === Number.POSITIVE_INFINITY;
  return call.block(() => waiter.woken, { deadlineMs, restartable, interrupted });
}

function requeue(call: Call, compare: boolean): number {
  const from = key(call, call.unsigned(0));
  const to = key(call, call.unsigned(4));
  if (compare && call.memory.readU32(call.unsigned(0)) !== call.uint(5)) fail("EAGAIN");
  const woken = call.kernel.futexes.wake(from, call.int(2));
  return woken + call.kernel.futexes.requeue(from, to, call.int(3));
}

/** FUTEX_WAKE_OP: changes the second word, wakes on the first, and on the second when its old value compares true. */
function wakeOp(call: Call): number {
  const second = call.unsigned(4);
  const code = call.uint(5);
  const secondKey = key(call, second);
  const old = call.memory.readI32(second);
  const shifted = (code >>> 28) & 8 ? 1 << ((code >>> 12) & 0x1f) : (((code >>> 12) & 0xfff) << 20) >> 20;
  const operations = [shifted, old + shifted, old | shifted, old & ~shifted, old ^ shifted];
  call.memory.writeU32(second, operations[(code >>> 28) & 7] ?? fail("ENOSYS"));
  const right = ((code & 0xfff) << 20) >> 20;
  const comparisons = [old === right, old !== right, old < right, old <= right, old > right, old >= right];
  const woken = call.kernel.futexes.wake(key(call, call.unsigned(0)), call.int(2));
  return woken + (comparisons[(code >>> 24) & 0xf] ? call.kernel.futexes.wake(secondKey, call.uint(3)) : 0);
}

function futex(call: Call): number {
  switch (call.int(1) & COMMAND_MASK) {
    case Futex.wait:
      return wait(call, ALL_BITS, false);
    case Futex.waitBitset:
      return wait(call, call.uint(5), true);
    case Futex.wake:
      return call.kernel.futexes.wake(key(call, call.unsigned(0)), call.int(2));
    case Futex.wakeBitset:
      return call.kernel.futexes.wake(key(call, call.unsigned(0)), call.int(2), call.uint(5));
    case Futex.requeue:
      return requeue(call, false);
    case Futex.cmpRequeue:
      return requeue(call, true);
    case Futex.lockPi:
      return lockPi(call, key(call, call.unsigned(0)), () => deadline(call, true, true));
    case Futex.lockPi2:
      return lockPi(call, key(call, call.unsigned(0)), () => deadline(call, true));
    case Futex.tryLockPi:
      return tryLockPi(call);
    case Futex.unlockPi:
      return unlockPi(call);
    case Futex.wakeOp:
      return wakeOp(call);
    default:
      return fail("ENOSYS");
  }
}

export const futexCalls: SyscallTable = { futex };
