import { Errno, fail } from "../errno.ts";
import {
  IpcControl,
  Right,
  type SemaphoreOperation,
  SemaphoreSet,
  type SemaphoreWait,
  VALUE_MAX,
  waitsNot,
} from "../ipc/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { nowSeconds, ownersControl, request } from "./ipc-control.ts";
import { deadlineIn, readTimespecMs } from "./timespec.ts";

/** Operations of semctl (linux/sem.h). */
const Control = {
  getPid: 11,
  getValue: 12,
  getAll: 13,
  getGrowing: 14,
  getZero: 15,
  setValue: 16,
  setAll: 17,
  statAt: 18,
  usage: 19,
  statAnyAt: 20,
} as const;
/** Semaphores in a set, and operations at once (SEMMSL, SEMOPM). */
const SET_MAX = 32_000;
const OPERATIONS_MAX = 500;
/** struct sembuf. */
const OPERATION_BYTES = 6;

function semget(call: Call): number {
  const count = call.int(1);
  if (count < 0 || count > SET_MAX) fail("EINVAL");
  const fits = (set: SemaphoreSet): void => {
    if (count > set.values.length) fail("EINVAL");
  };
  return call.kernel.ipc.semaphores.table.find(request(call, 2), fits, (birth) => {
    if (count === 0) fail("EINVAL");
    return new SemaphoreSet(birth, count, call.kernel.allowance);
  }).id;
}

/** What a call that waits keeps between its tries. */
interface Pending {
  readonly set: SemaphoreSet;
  readonly operations: readonly SemaphoreOperation[];
  readonly deadlineMs: number;
  /** What it waits for, from its first try on. */
  readonly wait?: SemaphoreWait;
}

function operate(call: Call, timeoutMs: () => number | undefined): number {
  const pending = call.memo === undefined ? begin(call, timeoutMs) : (call.memo as Pending);
  const { set, operations, deadlineMs, wait } = pending;
  if (wait !== undefined) set.waits.delete(wait);
  if (set.isRemoved) fail("EIDRM");
  const blocking = set.blocking(operations);
  if (blocking === undefined) {
    set.apply(operations, call.process);
    set.operatedSeconds = nowSeconds(call);
    return 0;
  }
  if (waitsNot(blocking) || call.kernel.clock.nowMs() >= deadlineMs) fail("EAGAIN");
  return waitFor(call, pending, blocking);
}

function begin(call: Call, timeoutMs: () => number | undefined): Pending {
  const count = call.uint(2);
  if (count < 1) fail("EINVAL");
  if (count > OPERATIONS_MAX) fail("E2BIG");
  const bytes = call.memory.read(call.unsigned(1), count * OPERATION_BYTES);
  const operations = Array.from({ length: count }, (_, i) => ({
    number: bytes.readUInt16LE(OPERATION_BYTES * i),
    change: bytes.readInt16LE(OPERATION_BYTES * i + 2),
    flags: bytes.readUInt16LE(OPERATION_BYTES * i + 4),
  }));
  const timeout = timeoutMs();
  const set = call.kernel.ipc.semaphores.table.get(call.int(0));
  if (operations.some(({ number }) => number >= set.values.length)) fail("EFBIG");
  set.check(call.process.identity, operations.some(({ change }) => change !== 0) ? Right.alter : Right.read);
  return { set, operations, deadlineMs: timeout === undefined ? Number.POSITIVE_INFINITY : deadlineIn(call, timeout) };
}

function waitFor(call: Call, pending: Pending, blocking: SemaphoreOperation): number {
  const { set, operations, deadlineMs } = pending;
  const wait = { number: blocking.number, forZero: blocking.change === 0 };
  call.memo = { ...pending, wait } satisfies Pending;
  set.waits.add(wait);
  const leave = (): number => {
    set.waits.delete(wait);
    return -Errno.EINTR;
  };
  const ready = (): boolean => set.isRemoved || set.blocking(operations) === undefined;
  return call.block(ready, { deadlineMs, restartable: false, interrupted: leave, abandoned: leave });
}

function semctl(call: Call): number {
  const { table } = call.kernel.ipc.semaphores;
  const operation = call.int(2);
  const argument = call.unsigned(3);
  const done = ownersControl(call, operation, () => table.get(call.int(0)), {
    remove: (set) => {
      table.remove(set);
      set.dispose();
    },
    set: (set) => set.takePermission(call.memory.read(argument, 48), nowSeconds(call)),
  });
  if (done !== undefined) return done;
  switch (operation) {
    case IpcControl.info:
    case Control.usage:
      call.memory.write(argument, limitsBytes(table.all, operation === Control.usage));
      return table.highestPlace;
    case Control.statAt:
    case Control.statAnyAt: {
      const set = table.at(call.int(0));
      call.memory.write(argument, set.statBytes());
      return set.id;
    }
    default:
      return ofSet(call, table.get(call.int(0)), operation, argument);
  }
}

function ofSet(call: Call, set: SemaphoreSet, operation: number, argument: number): number {
  const changes = operation === Control.setValue || operation === Control.setAll;
  const { identity, pid } = call.process;
  if (operation === IpcControl.stat) {
    set.check(identity, Right.read);
    call.memory.write(argument, set.statBytes());
    return 0;
  }
  if (operation === Control.setAll || operation === Control.getAll) {
    set.check(identity, changes ? Right.alter : Right.read);
    return changes ? setAll(call, set, argument) : getAll(call, set, argument);
  }
  const number = call.int(1);
  if (operation < Control.getPid || operation > Control.setValue) fail("EINVAL");
  if (number < 0 || number >= set.values.length) fail("EINVAL");
  const value = argument | 0;
  if (changes && (value < 0 || value > VALUE_MAX)) fail("ERANGE");
  set.check(identity, changes ? Right.alter : Right.read);
  const waiting = (forZero: boolean): number =>
    [...set.waits].filter((wait) => wait.number === number && wait.forZero === forZero).length;
  switch (operation) {
    case Control.getPid:
      return set.pids[number];
    case Control.getValue:
      return set.values[number];
    case Control.getGrowing:
      return waiting(false);
    case Control.getZero:
      return waiting(true);
    default:
      set.set(number, value, pid);
      set.changedSeconds = nowSeconds(call);
      return 0;
  }
}

function getAll(call: Call, set: SemaphoreSet, address: number): number {
  call.memory.write(address, Buffer.from(Uint16Array.from(set.values).buffer));
  return 0;
}

function setAll(call: Call, set: SemaphoreSet, address: number): number {
  const bytes = call.memory.read(address, 2 * set.values.length);
  const values = Array.from(set.values, (_, i) => bytes.readUInt16LE(2 * i));
  if (values.some((value) => value > VALUE_MAX)) fail("ERANGE");
  values.forEach((value, i) => set.set(i, value, call.process.pid));
  set.changedSeconds = nowSeconds(call);
  return 0;
}

/** struct seminfo (linux/sem.h); with what is in use, where that is asked for. */
function limitsBytes(sets: readonly SemaphoreSet[], isUsage: boolean): Buffer {
  const bytes = Buffer.alloc(40);
  const semaphores = sets.reduce((sum, { values }) => sum + values.length, 0);
  const [inUse, alone] = isUsage ? [sets.length, semaphores] : [20, VALUE_MAX];
  [
    SET_MAX,
    SET_MAX,
    SET_MAX * SET_MAX,
    SET_MAX * SET_MAX,
    SET_MAX,
    OPERATIONS_MAX,
    OPERATIONS_MAX,
    inUse,
    VALUE_MAX,
    alone,
  ].forEach((value, i) => bytes.writeInt32LE(value, 4 * i));
  return bytes;
}

export const semaphoreCalls: SyscallTable = {
  semget,
  semop: (call) => operate(call, () => undefined),
  semtimedop: (call) =>
    operate(call, () => (call.unsigned(3) === 0 ? undefined : readTimespecMs(call, call.unsigned(3)))),
  semctl,
};
