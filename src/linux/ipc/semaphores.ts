import type { Allowance } from "../allowance.ts";
import { fail } from "../errno.ts";
import type { Process } from "../process/process.ts";
import { type Birth, Ipc, IpcObject, IpcTable } from "./objects.ts";

/** struct semid64_ds of x86-64 (asm/sembuf.h). */
export const SEMAPHORE_SET_BYTES = 104;
/** SEMVMX, linux/sem.h. */
export const VALUE_MAX = 32_767;
const SEM_UNDO = 0x1000;
/** What one semaphore counts as memory, and what a process is to take back from one. */
const SEMAPHORE_BYTES = 64;
const ADJUSTMENT_BYTES = 64;

/** One operation of semop(2). */
export interface SemaphoreOperation {
  readonly number: number;
  readonly change: number;
  readonly flags: number;
}

/** Somebody who waits for one of the semaphores, to become zero or to grow. */
export interface SemaphoreWait {
  readonly number: number;
  readonly forZero: boolean;
}

/** A set of System V semaphores (semget(2)). */
export class SemaphoreSet extends IpcObject {
  readonly values: Int32Array;
  /** Who changed each last. */
  readonly pids: Int32Array;
  readonly waits = new Set<SemaphoreWait>();
  operatedSeconds = 0n;
  /** What is taken back when a process ends (SEM_UNDO). */
  readonly #adjustments = new Map<Process, Map<number, number>>();
  readonly #allowance: Allowance;

  constructor(birth: Birth, count: number, allowance: Allowance) {
    super(birth);
    allowance.charge(count * SEMAPHORE_BYTES);
    this.#allowance = allowance;
    this.values = new Int32Array(count);
    this.pids = new Int32Array(count);
  }

  dispose(): void {
    this.#allowance.refund(this.values.length * SEMAPHORE_BYTES);
    for (const process of this.#adjustments.keys()) this.#forget(process);
  }

  /** The first operation that has to wait, or undefined when all can be done: EFBIG, ERANGE. */
  blocking(operations: readonly SemaphoreOperation[]): SemaphoreOperation | undefined {
    const values = new Map<number, number>();
    for (const operation of operations) {
      this.#allowance.work();
      const { number, change } = operation;
      const old = values.get(number) ?? this.values[number] ?? fail("EFBIG");
      if (change === 0 && old !== 0) return operation;
      if (old + change < 0) return operation;
      if (old + change > VALUE_MAX) fail("ERANGE");
      values.set(number, old + change);
    }
    return undefined;
  }

  apply(operations: readonly SemaphoreOperation[], process: Process): void {
    for (const { number, change, flags } of operations) {
      this.values[number] += change;
      this.pids[number] = process.pid;
      if (change !== 0 && (flags & SEM_UNDO) !== 0) this.#noteUndo(process, number, change);
    }
  }

  #noteUndo(process: Process, number: number, change: number): void {
    const own = this.#adjustments.get(process) ?? new Map<number, number>();
    if (!own.has(number)) this.#allowance.charge(ADJUSTMENT_BYTES);
    this.#adjustments.set(process, own.set(number, (own.get(number) ?? 0) - change));
  }

  #forget(process: Process): void {
    this.#allowance.refund((this.#adjustments.get(process)?.size ?? 0) * ADJUSTMENT_BYTES);
    this.#adjustments.delete(process);
  }

  /** Setting a value forgets what was to be taken back from it (semctl(2), SETVAL). */
  set(number: number, value: number, pid: number): void {
    this.values[number] = value;
    this.pids[number] = pid;
    for (const own of this.#adjustments.values()) {
      this.#allowance.work();
      if (own.delete(number)) this.#allowance.refund(ADJUSTMENT_BYTES);
    }
  }

  ended(process: Process): void {
    for (const [number, change] of this.#adjustments.get(process) ?? []) {
      this.values[number] = Math.min(Math.max(this.values[number] + change, 0), VALUE_MAX);
      this.pids[number] = process.pid;
    }
    this.#forget(process);
  }

  statBytes(): Buffer {
    const bytes = this.permissionBytes(SEMAPHORE_SET_BYTES);
    bytes.writeBigInt64LE(this.operatedSeconds, 48);
    bytes.writeBigInt64LE(this.changedSeconds, 64);
    bytes.writeBigUInt64LE(BigInt(this.values.length), 80);
    return bytes;
  }
}

/** The sets of a run. */
export class Semaphores {
  readonly table = new IpcTable<SemaphoreSet>();

  ended(process: Process): void {
    for (const set of this.table.all) set.ended(process);
  }
}

/** Whether an operation gives up rather than wait. */
export function waitsNot({ flags }: SemaphoreOperation): boolean {
  return (flags & Ipc.noWait) !== 0;
}
