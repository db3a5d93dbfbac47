import { fail } from "../errno.ts";
import {
  Ipc,
  IpcControl,
  MESSAGE_BYTES_MAX,
  MessageQueue,
  OBJECTS_MAX,
  QUEUE_CONTENT_BYTES,
  Right,
} from "../ipc/index.ts";
import { Capability } from "../process/capabilities.ts";
import { may } from "../process/identity.ts";
import type { Call, SyscallTable } from "./call.ts";
import { nowSeconds, ownersControl, request } from "./ipc-control.ts";

/** Flags of msgrcv (linux/msg.h). */
const Receive = { noError: 0o10000, except: 0o20000, copy: 0o40000 } as const;
const Control = { statAt: 11, usage: 12, statAnyAt: 13 } as const;
const TYPE_BYTES = 8;

function msgget(call: Call): number {
  const { queues } = call.kernel.ipc;
  return queues.find(
    request(call, 1),
    () => {},
    (birth) => new MessageQueue(birth, call.kernel.allowance),
  ).id;
}

/** The queue: at the first try by its id, later the same one, which may have been removed. */
function queueOf(call: Call): MessageQueue {
  const queue = call.remember(() => call.kernel.ipc.queues.get(call.int(0)));
  return queue.isRemoved ? fail("EIDRM") : queue;
}

function msgsnd(call: Call): number {
  const length = call.signed(2);
  const address = call.unsigned(1);
  if (length < 0 || length > MESSAGE_BYTES_MAX) fail("EINVAL");
  const bytes = call.memory.read(address, TYPE_BYTES + length);
  const type = bytes.readBigInt64LE(0);
  if (type < 1n) fail("EINVAL");
  const queue = queueOf(call);
  queue.check(call.process.identity, Right.alter);
  if (!queue.canTake(length)) {
    if ((call.int(3) & Ipc.noWait) !== 0) fail("EAGAIN");
    return call.block(() => queue.isRemoved || queue.canTake(length), { restartable: false });
  }
  queue.send({ type, text: Uint8Array.from(bytes.subarray(TYPE_BYTES)) });
  queue.lastSender = call.process.pid;
  queue.sentSeconds = nowSeconds(call);
  return 0;
}

function msgrcv(call: Call): number {
  const room = call.signed(2);
  const flags = call.int(4);
  if (room < 0) fail("EINVAL");
  // For checkpoints of whole containers (CONFIG_CHECKPOINT_RESTORE).
  if ((flags & Receive.copy) !== 0) fail("ENOSYS");
  const wanted = { type: BigInt.asIntN(64, call.bits(3)), except: (flags & Receive.except) !== 0 };
  const queue = queueOf(call);
  queue.check(call.process.identity, Right.read);
  const message = queue.pick(wanted);
  if (message === undefined) {
    if ((flags & Ipc.noWait) !== 0) fail("ENOMSG");
    return call.block(() => queue.isRemoved || queue.pick(wanted) !== undefined, { restartable: false });
  }
  if (message.text.length > room && (flags & Receive.noError) === 0) fail("E2BIG");
  const text = message.text.subarray(0, room);
  const bytes = Buffer.alloc(TYPE_BYTES + text.length);
  bytes.writeBigInt64LE(message.type, 0);
  bytes.set(text, TYPE_BYTES);
  queue.take(message);
  queue.lastReceiver = call.process.pid;
  queue.receivedSeconds = nowSeconds(call);
  call.memory.write(call.unsigned(1), bytes);
  return text.length;
}

function msgctl(call: Call): number {
  const { queues } = call.kernel.ipc;
  const operation = call.int(1);
  const address = call.unsigned(2);
  const done = ownersControl(call, operation, () => queues.get(call.int(0)), {
    remove: (queue) => {
      queues.remove(queue);
      queue.dispose();
    },
    set: (queue) => change(call, queue, address),
  });
  if (done !== undefined) return done;
  switch (operation) {
    case IpcControl.stat: {
      const queue = queues.get(call.int(0));
      queue.check(call.process.identity, Right.read);
      call.memory.write(address, queue.statBytes());
      return 0;
    }
    case Control.statAt:
    case Control.statAnyAt: {
      const queue = queues.at(call.int(0));
      call.memory.write(address, queue.statBytes());
      return queue.id;
    }
    case IpcControl.info:
    case Control.usage:
      call.memory.write(address, limitsBytes(queues.all.length, operation === Control.usage));
      return queues.highestPlace;
    default:
      return fail("EINVAL");
  }
}

function change(call: Call, queue: MessageQueue, address: number): void {
  const bytes = call.memory.read(address, 96);
  const capacity = Number(bytes.readBigUInt64LE(88));
  if (capacity > QUEUE_CONTENT_BYTES && !may(call.process.identity, Capability.sysResource)) fail("EPERM");
  // What is in it counts as the run's memory, whatever it may hold.
  queue.capacityBytes = capacity;
  queue.takePermission(bytes, nowSeconds(call));
}

/** struct msginfo (linux/msg.h). */
function limitsBytes(inUse: number, isUsage: boolean): Buffer {
  const bytes = Buffer.alloc(32);
  const pools = isUsage ? [inUse, 0, MESSAGE_BYTES_MAX] : [0, 0, MESSAGE_BYTES_MAX];
  [...pools, QUEUE_CONTENT_BYTES, OBJECTS_MAX, 16, 0].forEach((value, i) => bytes.writeInt32LE(value, 4 * i));
  return bytes;
}

export const messageCalls: SyscallTable = { msgget, msgsnd, msgrcv, msgctl };
