import { Errno, fail, LinuxError } from "../errno.ts";
import type { OpenFile } from "../files/open-file.ts";
import { BrokenPipe } from "../files/pipe.ts";
import type { PassedFiles, Received, SocketEnd } from "../files/socket-pair.ts";
import type { Call } from "./call.ts";

/** Flags of send and recv (linux/socket.h). */
export const Msg = {
  peek: 2,
  controlTruncated: 8,
  truncated: 0x20,
  dontWait: 0x40,
  waitAll: 0x100,
  noSignal: 0x4000,
  closeOnExec: 0x4000_0000,
} as const;
/** struct cmsghdr: length, level, type (cmsg(3)); data and the next header are aligned to 8. */
const CMSG_HEADER_BYTES = 16;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** Descriptors one message may carry (SCM_MAX_FD, net/scm.h). */
const PASSED_MAX = 253;
/** Longest control data looked at (net.core.optmem_max's usual 128 KiB). */
const CONTROL_BYTES_MAX = 131_072;
/** Most bytes gathered in one step; a stream goes on with the next. */
const STEP_BYTES = 262_144;

export interface Buffers {
  readonly buffers: readonly { readonly address: number; readonly length: number }[];
}

/** struct msghdr (recvmsg(2)). */
export interface MessageHeader extends Buffers {
  readonly address: number;
  readonly name: number;
  readonly nameLength: number;
  readonly control: number;
  readonly controlLength: number;
}

export function readHeader(call: Call, address: number): MessageHeader {
  const header = call.memory.read(address, 56);
  const count = Number(header.readBigUInt64LE(24));
  if (count > 1024) fail("EMSGSIZE");
  const vector = call.memory.read(Number(header.readBigUInt64LE(16)), count * 16);
  const buffers = Array.from({ length: count }, (_, i) => ({
    address: Number(vector.readBigUInt64LE(16 * i)),
    length: Number(vector.readBigUInt64LE(16 * i + 8)),
  }));
  return {
    address,
    buffers,
    name: Number(header.readBigUInt64LE(0)),
    nameLength: header.readUInt32LE(8),
    control: Number(header.readBigUInt64LE(32)),
    controlLength: Number(header.readBigUInt64LE(40)),
  };
}

/** The descriptors in the control data, held so that they outlive their sender: EBADF, EINVAL. */
function readPassed(call: Call, { control, controlLength }: MessageHeader): PassedFiles | undefined {
  if (control === 0 || controlLength < CMSG_HEADER_BYTES) return undefined;
  if (controlLength > CONTROL_BYTES_MAX) fail("ENOBUFS");
  const bytes = call.memory.read(control, controlLength);
  const files: OpenFile[] = [];
  for (let at = 0; at + CMSG_HEADER_BYTES <= bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    if (length < CMSG_HEADER_BYTES || at + length > bytes.length) fail("EINVAL");
    const isRights = bytes.readInt32LE(at + 8) === SOL_SOCKET && bytes.readInt32LE(at + 12) === SCM_RIGHTS;
    for (let from = at + CMSG_HEADER_BYTES; isRights && from + 4 <= at + length; from += 4)
      files.push(call.process.files.get(bytes.readInt32LE(from)));
    at += Math.ceil(length / 8) * 8;
  }
  if (files.length > PASSED_MAX) fail("EINVAL");
  if (files.length === 0) return undefined;
  const { openFiles } = call.kernel;
  for (const file of files) file.retain(openFiles);
  return { files, release: () => files.forEach((file) => file.release(openFiles)) };
}

/** Sends from the buffers; a stream waits until all of it is on its way. */
export function send(call: Call, socket: SocketEnd, message: Buffers | MessageHeader, flags: number): number {
  const total = message.buffers.reduce((sum, { length }) => sum + length, 0);
  let done = typeof call.memo === "number" ? call.memo : 0;
  const passed = "control" in message && done === 0 ? readPassed(call, message) : undefined;
  try {
    do {
      const count = socket.send(gather(call, message, done, total), done === 0 ? passed : undefined);
      if (!Number.isFinite(count)) {
        passed?.release();
        return waitToSend(call, socket, done, total, flags);
      }
      // A stream does not carry descriptors without bytes.
      if (total === 0 && socket.kind === "stream") passed?.release();
      done += count;
    } while (done < total);
    return done;
  } catch (error) {
    if (done === 0) passed?.release();
    // Without the class that raises SIGPIPE it is only an errno.
    if (error instanceof BrokenPipe && (flags & Msg.noSignal) !== 0) return done > 0 ? done : -Errno.EPIPE;
    throw error;
  }
}

function waitToSend(call: Call, socket: SocketEnd, done: number, total: number, flags: number): number {
  if (socket.nonBlocking || (flags & Msg.dontWait) !== 0) return done > 0 ? done : fail("EAGAIN");
  call.memo = done;
  const interrupted = (): number => (done > 0 ? done : -Errno.EINTR);
  return call.block(() => socket.canTake(total - done), { restartable: done === 0, interrupted });
}

/** The bytes from `start` on, as many as one step moves. */
function gather(call: Call, { buffers }: Buffers, start: number, total: number): Uint8Array {
  const out = Buffer.alloc(Math.min(total - start, STEP_BYTES));
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

/** Receives into the buffers; for recvmsg also descriptors and flags. */
export function receive(call: Call, socket: SocketEnd, message: Buffers | MessageHeader, flags: number): number {
  const total = message.buffers.reduce((sum, { length }) => sum + length, 0);
  const enough = (flags & Msg.waitAll) !== 0 && socket.kind === "stream" && (flags & Msg.peek) === 0 ? total : 1;
  const hasEnough = (): boolean => socket.readableBytes >= enough || (socket.poll() & 0x2000) !== 0;
  const waits = !socket.nonBlocking && (flags & Msg.dontWait) === 0;
  if (waits && total > 0 && !hasEnough() && (enough > 1 || (socket.poll() & 1) === 0))
    return call.block(() => hasEnough() || (enough === 1 && (socket.poll() & 1) !== 0));
  const into = Buffer.alloc(Math.min(total, STEP_BYTES));
  const received = socket.receive(into, (flags & Msg.peek) !== 0);
  if (!received) return waits ? call.block(() => (socket.poll() & 1) !== 0) : fail("EAGAIN");
  try {
    scatter(call, message, into.subarray(0, received.count));
    if ("control" in message) finishMessage(call, message, received, flags);
  } finally {
    // Whoever got a descriptor holds the file by it.
    received.passed?.release();
  }
  return (flags & Msg.truncated) !== 0 ? received.fullLength : received.count;
}

function scatter(call: Call, { buffers }: Buffers, bytes: Uint8Array): void {
  let done = 0;
  for (const { address, length } of buffers) {
    const part = bytes.subarray(done, done + length);
    if (part.length === 0) break;
    call.memory.write(address, part);
    done += part.length;
  }
}

/** As many as the table has room for; the rest is told by MSG_CTRUNC (unix(7)). */
function installPassed(call: Call, files: readonly OpenFile[], flags: number): number[] {
  const descriptors: number[] = [];
  try {
    for (const file of files) descriptors.push(call.process.files.install(file, (flags & Msg.closeOnExec) !== 0));
  } catch (error) {
    if (!(error instanceof LinuxError) || error.name !== "EMFILE") throw error;
  }
  return descriptors;
}

/** Fills in what recvmsg returns beside the bytes. */
function finishMessage(
  call: Call,
  message: MessageHeader,
  { passed, count, fullLength }: Received,
  flags: number,
): void {
  const room = message.control === 0 ? 0 : Math.floor((message.controlLength - CMSG_HEADER_BYTES) / 4);
  const descriptors = installPassed(call, passed?.files.slice(0, Math.max(room, 0)) ?? [], flags);
  const control = Buffer.alloc(descriptors.length === 0 ? 0 : CMSG_HEADER_BYTES + 4 * descriptors.length);
  if (control.length > 0) {
    control.writeBigUInt64LE(BigInt(control.length), 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SCM_RIGHTS, 12);
    descriptors.forEach((descriptor, i) => control.writeInt32LE(descriptor, CMSG_HEADER_BYTES + 4 * i));
    call.memory.write(message.control, control);
  }
  const cut =
    (fullLength > count ? Msg.truncated : 0) |
    (descriptors.length < (passed?.files.length ?? 0) ? Msg.controlTruncated : 0);
  if (message.name !== 0) call.memory.writeU32(message.address + 8, 0);
  call.memory.writeU64(message.address + 40, Math.min(Math.ceil(control.length / 8) * 8, message.controlLength));
  call.memory.writeU32(message.address + 48, cut | (flags & Msg.closeOnExec));
}
