import { fail, LinuxError } from "../errno.ts";
import { Family, Msg } from "../net/abi.ts";
import type { Received } from "../net/message-queue.ts";
import type { Socket } from "../net/socket.ts";
import type { Call } from "./call.ts";
import { isTcp, type Message, type Progress, STEP_BYTES, totalLength, waitOn, waitsFor } from "./socket-messages.ts";

/** Told about what was received, before descriptors that came with it are let go. */
export type Delivered = (received: Received) => void;

/** recvfrom, recvmsg, read: the bytes received, or with MSG_TRUNC the length of the message. */
export function receive(
  call: Call,
  socket: Socket,
  message: Message,
  flags: number,
  progress: Progress,
  delivered: Delivered = () => {},
): number {
  if ((flags & Msg.outOfBand) !== 0 && isAsked(socket)) return receiveUrgent(call, socket, message, flags);
  if ((flags & Msg.errorQueue) !== 0 && socket.kind.family !== Family.unix) fail("EAGAIN");
  const total = totalLength(message);
  const waits = waitsFor(socket, flags);
  const isPeek = (flags & Msg.peek) !== 0;
  for (;;) {
    const least = leastOf(socket, flags, total);
    // Who wants all and only looks must find all at once.
    if (isPeek && least > 1 && waits && !socket.receiveSettled(least))
      return waitOn(call, progress, waits, () => socket.receiveSettled(least));
    const received = receiveStep(call, socket, message, flags, progress.done);
    if (received === undefined) return waitOn(call, progress, waits, () => socket.receiveSettled(1));
    const isMore = goesOn(received, progress.done + received.count, least, isPeek, waits);
    try {
      if (progress.done === 0) delivered(received);
    } finally {
      received.passed?.release();
    }
    progress.done += received.count;
    if (!isMore) return (flags & Msg.truncated) !== 0 && !socket.isStream ? received.fullLength : progress.done;
  }
}

function leastOf(socket: Socket, flags: number, total: number): number {
  return (flags & Msg.waitAll) !== 0 && socket.isStream ? total : 1;
}

/** MSG_WAITALL goes on until all is there, the end, or descriptors. */
function goesOn(received: Received, done: number, least: number, isPeek: boolean, waits: boolean): boolean {
  return !isPeek && waits && received.count > 0 && done < least && received.passed === undefined;
}

/** One look at the socket. What a stream's reader cannot write to stays in the stream. */
function receiveStep(call: Call, socket: Socket, message: Message, flags: number, from: number): Received | undefined {
  const isPeek = (flags & Msg.peek) !== 0;
  const wanted = Math.min(totalLength(message) - from, STEP_BYTES, available(socket));
  const discards = (flags & Msg.truncated) !== 0 && isTcp(socket);
  const room = socket.isStream && !discards ? writable(call, message, from, wanted) : wanted;
  const into = Buffer.allocUnsafe(room);
  // The failure of a stream that gave something already is told by the next call.
  if (from > 0 && socket.error !== undefined) return { count: 0, fullLength: 0 };
  const received = socket.receive(into, isPeek, waitsFor(socket, flags));
  call.kernel.allowance.work();
  if (received !== undefined && !discards) scatter(call, message, from, into.subarray(0, received.count));
  return received;
}

/** Datagrams over the network have nothing urgent, and are received as they are. */
const isAsked = (socket: Socket): boolean => isTcp(socket) || socket.kind.family === Family.unix;

function receiveUrgent(call: Call, socket: Socket, message: Message, flags: number): number {
  const isPeek = (flags & Msg.peek) !== 0;
  const byte = socket.receiveUrgent(true);
  if (totalLength(message) === 0) return 0;
  scatter(call, message, 0, Buffer.from([byte]));
  if (!isPeek) socket.receiveUrgent(false);
  return 1;
}

/** No more than there is need be looked for room for. */
function available(socket: Socket): number {
  return socket.isStream && !socket.isListening ? (socket.readableBytes ?? STEP_BYTES) : STEP_BYTES;
}

/** How many of the bytes from `start` on can be written: EFAULT for none. */
function writable(call: Call, { buffers }: Message, start: number, wanted: number): number {
  let skipped = 0;
  let room = 0;
  for (const { address, length } of buffers) {
    const from = Math.max(start - skipped, 0);
    skipped += length;
    const part = Math.min(length - from, wanted - room);
    if (part <= 0) continue;
    const reached = reach(call, address + from, part, room > 0);
    room += reached;
    if (reached < part) break;
  }
  return room;
}

function reach(call: Call, address: number, length: number, mayFail: boolean): number {
  try {
    return call.memory.visit(address, length, true, (piece) => piece.length);
  } catch (error) {
    if (mayFail && error instanceof LinuxError) return 0;
    throw error;
  }
}

function scatter(call: Call, { buffers }: Message, start: number, bytes: Uint8Array): void {
  let skipped = 0;
  let done = 0;
  for (const { address, length } of buffers) {
    const from = Math.max(start - skipped, 0);
    skipped += length;
    if (from >= length) continue;
    const part = bytes.subarray(done, done + length - from);
    if (part.length === 0) break;
    call.memory.write(address + from, part);
    done += part.length;
  }
}
