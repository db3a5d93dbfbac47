import { BLOCKED } from "../blocked.ts";
import { Errno, type ErrnoName, fail, LinuxError } from "../errno.ts";
import { IOV_MAX, TRANSFER_MAX } from "../limits.ts";
import { ADDRESS_BYTES_MAX, Family, Msg } from "../net/abi.ts";
import type { Destination, Outgoing, Socket } from "../net/socket.ts";
import type { Call } from "./call.ts";
import { callerOf, readAddress } from "./socket-addresses.ts";
import { readControl } from "./socket-control.ts";
import { deadlineIn } from "./timespec.ts";

/** Most bytes moved in one step; a stream goes on with the next. No message is longer. */
export const STEP_BYTES = 524_288;
/** What one unit of work is about (Allowance). */
const PAGE_BYTES = 4096;
/** struct msghdr (recvmsg(2)). */
const HEADER_BYTES = 56;

export interface UserBuffer {
  readonly address: number;
  readonly length: number;
}

/** What one send or receive moves, and what goes beside it. */
export interface Message {
  readonly buffers: readonly UserBuffer[];
  /** The socket address, or where it is to be written; 0 for none. */
  readonly name: number;
  readonly nameLength: number;
  readonly control: number;
  readonly controlLength: number;
}

export function plainMessage(buffers: readonly UserBuffer[]): Message {
  return { buffers, name: 0, nameLength: 0, control: 0, controlLength: 0 };
}

/** A struct msghdr: EFAULT, EMSGSIZE for too many buffers, EINVAL for a negative length. */
export function readHeader(call: Call, address: number): Message {
  const header = call.memory.read(address, HEADER_BYTES);
  const count = Number(header.readBigUInt64LE(24));
  if (count > IOV_MAX) fail("EMSGSIZE");
  const vector = call.memory.read(Number(header.readBigUInt64LE(16)), count * 16);
  let total = 0;
  const buffers = Array.from({ length: count }, (_, i) => {
    const length = Number(vector.readBigUInt64LE(16 * i + 8));
    if (length > Number.MAX_SAFE_INTEGER) fail("EINVAL");
    const part = Math.min(length, TRANSFER_MAX - total);
    total += part;
    return { address: Number(vector.readBigUInt64LE(16 * i)), length: part };
  });
  const name = Number(header.readBigUInt64LE(0));
  const nameLength = header.readInt32LE(8);
  if (name !== 0 && nameLength < 0) fail("EINVAL");
  return {
    buffers,
    name,
    // Here, other than in sendto, a length beyond the longest counts as that (__copy_msghdr, net/socket.c).
    nameLength: Math.min(nameLength, ADDRESS_BYTES_MAX),
    control: Number(header.readBigUInt64LE(32)),
    controlLength: Number(header.readBigUInt64LE(40)),
  };
}

export const totalLength = ({ buffers }: Message): number => buffers.reduce((sum, { length }) => sum + length, 0);

/** How far one message has got between the tries of a call, and until when it may wait. */
export interface Progress {
  done: number;
  readonly deadlineMs: number;
}

export function begin(call: Call, timeoutMs: number): Progress {
  return { done: 0, deadlineMs: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : deadlineIn(call, timeoutMs) };
}

/**
 * Sleeps until `ready`, or says that what is there is all: after a part that part, else EAGAIN when the call does not wait or
 * its time is up. A wait with a timeout is never begun again by a signal (signal(7)).
 */
export function waitOn(
  call: Call,
  progress: Progress,
  waits: boolean,
  ready: () => boolean,
  late: ErrnoName = "EAGAIN",
): number {
  const { done, deadlineMs } = progress;
  const isOver = !waits || call.kernel.clock.nowMs() >= deadlineMs;
  if (isOver) return done > 0 ? done : fail(late);
  const interrupted = (): number => (done > 0 ? done : -Errno.EINTR);
  const restartable = done === 0 && deadlineMs === Number.POSITIVE_INFINITY;
  return call.block(ready, { deadlineMs, restartable, interrupted });
}

export function waitsFor(socket: Socket, flags: number): boolean {
  return !socket.nonBlocking && (flags & Msg.dontWait) === 0;
}

/** sendto, sendmsg, write: a stream waits until all of it is on its way. */
export function send(call: Call, socket: Socket, message: Message, flags: number, progress: Progress): number {
  const isUrgent = (flags & Msg.outOfBand) !== 0;
  if ((isUrgent && !isTcp(socket)) || (flags & Msg.fastOpen) !== 0) fail("EOPNOTSUPP");
  const total = totalLength(message);
  if (!socket.isStream && total > STEP_BYTES) fail("EMSGSIZE");
  const to = destination(call, socket, message);
  try {
    do {
      if (progress.done > 0 && socket.sendFails) return progress.done;
      const count = sendStep(call, socket, message, { total, to, isUrgent, from: progress.done });
      if (count === BLOCKED)
        return waitOn(call, progress, waitsFor(socket, flags), () => socket.sendSettled(total - progress.done, to));
      progress.done += count;
    } while (progress.done < total);
    return progress.done;
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    if (progress.done > 0) return progress.done;
    // Without the class that raises SIGPIPE it is only an errno.
    throw error.name === "EPIPE" && (flags & Msg.noSignal) !== 0 ? new LinuxError("EPIPE") : error;
  }
}

/** A stream over the network. */
export const isTcp = ({ isStream, kind }: Socket): boolean => isStream && kind.family !== Family.unix;

function destination(call: Call, socket: Socket, { name, nameLength }: Message): Destination | undefined {
  // An address of no length is none, but for the internet's.
  if (name === 0 || (nameLength === 0 && socket.kind.family === Family.unix)) return undefined;
  return { address: readAddress(call, name, nameLength), caller: callerOf(call) };
}

interface Step {
  readonly total: number;
  readonly from: number;
  readonly isUrgent: boolean;
  readonly to: Destination | undefined;
}

/** What one try puts on its way. Whoever is not sent with what it carries is let go. */
function sendStep(call: Call, socket: Socket, message: Message, { total, from, isUrgent, to }: Step): number {
  const control = from === 0 ? readControl(call, socket, message) : undefined;
  let isSent = false;
  try {
    const bytes = gather(call, message, from, total);
    const outgoing: Outgoing = {
      sender: control?.sender ?? callerOf(call),
      passed: control?.passed,
      control: control?.control,
      isUrgent,
      to,
    };
    const count = socket.send(bytes, outgoing);
    // A stream does not carry descriptors without bytes.
    isSent = count !== BLOCKED && (count > 0 || !socket.isStream);
    return count;
  } finally {
    if (!isSent) control?.passed?.release();
  }
}

/** The bytes from `start` on, as many as one step moves. What cannot be read behind others ends the step there. */
function gather(call: Call, { buffers }: Message, start: number, total: number): Uint8Array {
  const out = Buffer.allocUnsafe(Math.min(total - start, STEP_BYTES));
  call.kernel.allowance.work(1 + Math.floor(out.length / PAGE_BYTES));
  let skipped = 0;
  let filled = 0;
  for (const { address, length } of buffers) {
    const from = Math.max(start - skipped, 0);
    skipped += length;
    const part = Math.min(length - from, out.length - filled);
    if (part <= 0) continue;
    out.set(call.memory.read(address + from, part), filled);
    filled += part;
  }
  return out;
}
