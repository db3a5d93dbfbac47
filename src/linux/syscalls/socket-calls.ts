import { BLOCKED } from "../blocked.ts";
import { LinuxError } from "../errno.ts";
import { IOV_MAX } from "../limits.ts";
import { Msg } from "../net/abi.ts";
import type { Received } from "../net/message-queue.ts";
import type { Socket } from "../net/socket.ts";
import type { Call, SyscallTable } from "./call.ts";
import { socketOf, writeAddress } from "./socket-addresses.ts";
import { writeControl } from "./socket-control.ts";
import {
  begin,
  type Message,
  type Progress,
  plainMessage,
  readHeader,
  send,
  type UserBuffer,
} from "./socket-messages.ts";
import { receive } from "./socket-receive.ts";
import { readTimespecMs, timespec } from "./timespec.ts";

/** Where in a struct msghdr these stand (recvmsg(2)). */
const Header = { nameLength: 8, controlLength: 40, flags: 48 } as const;
/** struct mmsghdr: a struct msghdr and how many bytes it moved (recvmmsg(2)). */
const MMSGHDR_BYTES = 64;
const MOVED_AT = 56;

const NO_ADDRESS = Buffer.alloc(0);

function single(call: Call): readonly UserBuffer[] {
  return [{ address: call.unsigned(1), length: Math.min(call.unsigned(2), 0x7fff_f000) }];
}

function sendProgress(call: Call, socket: Socket): Progress {
  return call.remember<Progress>(() => begin(call, socket.options.sendTimeoutMs));
}

function receiveProgress(call: Call, socket: Socket): Progress {
  return call.remember<Progress>(() => begin(call, socket.options.receiveTimeoutMs));
}

/** read(2) and readv(2) of a socket. */
export function readSocket(call: Call, socket: Socket, buffers: readonly UserBuffer[], flags = 0): number {
  return receive(call, socket, plainMessage(buffers), flags, receiveProgress(call, socket));
}

/** write(2) and writev(2) to a socket. */
export function writeSocket(call: Call, socket: Socket, buffers: readonly UserBuffer[], flags = 0): number {
  return send(call, socket, plainMessage(buffers), flags, sendProgress(call, socket));
}

function sendto(call: Call): number {
  const socket = socketOf(call);
  const message = { ...plainMessage(single(call)), name: call.unsigned(4), nameLength: call.int(5) };
  return send(call, socket, message, call.int(3), sendProgress(call, socket));
}

function sendmsg(call: Call): number {
  const socket = socketOf(call);
  return send(call, socket, readHeader(call, call.unsigned(1)), call.int(2), sendProgress(call, socket));
}

function recvfrom(call: Call): number {
  const socket = socketOf(call);
  const [pointer, lengthPointer] = [call.unsigned(4), call.unsigned(5)];
  return receive(call, socket, plainMessage(single(call)), call.int(3), receiveProgress(call, socket), (received) => {
    if (pointer !== 0) writeAddress(call, received.source ?? NO_ADDRESS, pointer, lengthPointer);
  });
}

function recvmsg(call: Call): number {
  const socket = socketOf(call);
  const address = call.unsigned(1);
  return receiveMessage(call, socket, address, call.int(2), receiveProgress(call, socket));
}

function receiveMessage(call: Call, socket: Socket, address: number, flags: number, progress: Progress): number {
  const message = readHeader(call, address);
  return receive(call, socket, message, flags, progress, (received) =>
    finishHeader(call, socket, address, message, received, flags),
  );
}

/** Fills in what recvmsg returns beside the bytes. */
function finishHeader(
  call: Call,
  socket: Socket,
  address: number,
  message: Message,
  received: Received,
  flags: number,
): void {
  if (message.name !== 0) writeAddress(call, received.source ?? NO_ADDRESS, message.name, address + Header.nameLength);
  const control = writeControl(call, socket, message, received, flags);
  const cut = received.fullLength > received.count ? Msg.truncated : 0;
  call.memory.writeU64(address + Header.controlLength, control.used);
  call.memory.writeU32(address + Header.flags, cut | control.flags | (flags & Msg.closeOnExec));
}

/** How far a call for many messages has got. */
interface Batch {
  moved: number;
  progress: Progress;
  /** For recvmmsg: when no further message is waited for. */
  readonly endMs: number;
}

/**
 * Moves one message after the other. After the first, a failure or having to wait ends the call with how many there were;
 * the failure is then told by the next call (recvmmsg(2), "BUGS").
 */
function moveMany(call: Call, batch: Batch, one: (address: number, progress: Progress) => number): number {
  const most = Math.min(call.uint(2), IOV_MAX);
  while (batch.moved < most) {
    const address = call.unsigned(1) + MMSGHDR_BYTES * batch.moved;
    try {
      const count = one(address, batch.progress);
      if (count === BLOCKED) return BLOCKED;
      call.memory.writeU32(address + MOVED_AT, count);
    } catch (error) {
      if (!(error instanceof LinuxError) || batch.moved === 0) throw error;
      if (error.name !== "EAGAIN") socketOf(call).error = error.name;
      return batch.moved;
    }
    batch.moved++;
    batch.progress = { done: 0, deadlineMs: batch.progress.deadlineMs };
    if (call.kernel.clock.nowMs() >= batch.endMs) break;
  }
  return batch.moved;
}

/** A signal ends a call that moved some messages with their number. */
function interruptible(call: Call, batch: Batch, result: number): number {
  const { wait } = call.task;
  if (result !== BLOCKED || wait === undefined || batch.moved === 0) return result;
  call.task.wait = { ...wait, restartable: false, interrupted: () => batch.moved };
  return result;
}

function sendmmsg(call: Call): number {
  const socket = socketOf(call);
  const batch = call.remember<Batch>(() => ({
    moved: 0,
    progress: begin(call, socket.options.sendTimeoutMs),
    endMs: Number.POSITIVE_INFINITY,
  }));
  const flags = call.int(3);
  const result = moveMany(call, batch, (address, progress) =>
    send(call, socket, readHeader(call, address), flags, progress),
  );
  return interruptible(call, batch, result);
}

function recvmmsg(call: Call): number {
  const timeout = call.unsigned(4);
  const socket = socketOf(call);
  const batch = call.remember<Batch>(() => ({
    moved: 0,
    progress: begin(call, socket.options.receiveTimeoutMs),
    endMs: timeout === 0 ? Number.POSITIVE_INFINITY : begin(call, readTimespecMs(call, timeout)).deadlineMs,
  }));
  const flags = call.int(3);
  const result = moveMany(call, batch, (address, progress) => {
    const rest = batch.moved > 0 && (flags & Msg.waitForOne) !== 0 ? Msg.dontWait : 0;
    return receiveMessage(call, socket, address, (flags & ~Msg.waitForOne) | rest, progress);
  });
  if (timeout !== 0 && result !== BLOCKED) {
    const leftMs = Math.max(batch.endMs - call.kernel.clock.nowMs(), 0);
    call.memory.write(timeout, timespec(BigInt(Math.round(leftMs * 1e6))));
  }
  return interruptible(call, batch, result);
}

export const messageCalls: SyscallTable = {
  sendto,
  sendmsg,
  sendmmsg,
  recvfrom,
  recvmsg,
  recvmmsg,
};
