import type { FutexKey } from "../memory/address-space.ts";
import type { Task } from "./task.ts";

/** The word of a robust or priority-inheriting lock (linux/futex.h). */
export const FutexWord = { ownerMask: 0x3fff_ffff, ownerDied: 0x4000_0000, waiters: 0x8000_0000 } as const;

/** One task sleeping on a futex word. */
export interface FutexWaiter {
  readonly task: Task;
  readonly bitset: number;
  woken: boolean;
  /** Which word; another one when requeued. */
  key: FutexKey;
}

function isSame(a: FutexKey, b: FutexKey): boolean {
  return a.at === b.at && a.space === b.space;
}

/** Sleepers by their futex word (futex(2)); a word of shared memory is the same in every process. */
export class FutexTable {
  readonly #waiters = new Set<FutexWaiter>();

  add(waiter: FutexWaiter): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: FutexWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** Wakes up to `count` sleepers on the word, oldest first; returns how many. */
  wake(key: FutexKey, count: number, bitset = 0xffff_ffff): number {
    let woken = 0;
    for (const waiter of this.#waiters) {
      if (woken >= count) break;
      if (!isSame(waiter.key, key) || (waiter.bitset & bitset) === 0 || waiter.task.ended) continue;
      waiter.woken = true;
      this.#waiters.delete(waiter);
      woken++;
    }
    return woken;
  }

  /** True when someone but this waiter sleeps on the word. */
  hasOthers(waiter: FutexWaiter): boolean {
    for (const other of this.#waiters)
      if (other !== waiter && isSame(other.key, waiter.key) && !other.task.ended) return true;
    return false;
  }

  /** Forgets whatever a task that ends sleeps on. */
  dropTask(task: Task): void {
    for (const waiter of this.#waiters) if (waiter.task === task) this.#waiters.delete(waiter);
  }

  /** Moves up to `count` sleepers to another word; returns how many. */
  requeue(from: FutexKey, to: FutexKey, count: number): number {
    let moved = 0;
    for (const waiter of this.#waiters) {
      if (moved >= count) break;
      if (!isSame(waiter.key, from)) continue;
      waiter.key = to;
      moved++;
    }
    return moved;
  }
}
