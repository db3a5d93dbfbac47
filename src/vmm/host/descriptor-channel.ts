import { closeSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import { addressOf, hostError, lastErrno, recvmsg, sendmsg, shutdown, socketpair, stableBytes } from "./libc.ts";

/*
 * A channel that carries open files from the host process to a cell (unix(7), SCM_RIGHTS), and nothing back.
 */

/** linux/socket.h, linux/net.h */
const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SHUT_RD = 0;
/** Keeps messages apart, so that none is read in part. */
const SOCK_SEQPACKET = 5;
/** asm-generic/fcntl.h: SOCK_CLOEXEC is O_CLOEXEC. */
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** MSG_TRUNC and MSG_CTRUNC: there was more than fitted. */
const CUT = 0x20 | 0x8;
/** A message is sent before the request that speaks of it, so nobody waits for one. */
export const RECEIVING = MSG_CMSG_CLOEXEC | MSG_DONTWAIT;

/** Number of the request that the files belong to. */
const LABEL_BYTES = 8;
/** struct cmsghdr (linux/socket.h): size_t length, int level, int type. */
const CONTROL_HEAD_BYTES = 16;

export interface DescriptorPair {
  /** Sends; cannot receive. */
  readonly host: number;
  /** For the cell to inherit. */
  readonly cell: number;
}

export function descriptorPair(): DescriptorPair {
  const pair = new Int32Array(2);
  // SAFETY: the kernel writes two ints (rule a).
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, new Uint8Array(pair.buffer)) !== 0)
    throw hostError("socketpair");
  const [host, cell] = pair as unknown as [number, number];
  // SAFETY: plain integers. What the cell sends from now on is refused by the kernel (EPIPE).
  if (shutdown(host, SHUT_RD) !== 0) throw hostError("shutdown");
  return { host, cell };
}

/** Sends open files. False when the other side has not taken what it was sent before, or is gone. */
export function sendDescriptors(socket: number, label: number, descriptors: readonly number[]): boolean {
  const message = new Message(descriptors.length);
  message.label = label;
  message.descriptors = descriptors;
  // SAFETY: `message` holds every buffer that its header points to, and lives until after the call (rule b).
  return sendmsg(socket, message.header, MSG_DONTWAIT | MSG_NOSIGNAL) === LABEL_BYTES;
}

/**
 * The files sent with this label, which must be as many; they are the caller's to close.
 * @throws ZtlError `frame-malformed` when the next message is another one
 */
export function receiveDescriptors(socket: number, label: number, count: number): number[] {
  const message = new Message(count);
  // SAFETY: as above; the kernel writes no more than the lengths in the header say.
  const bytes = recvmsg(socket, message.header, RECEIVING);
  if (bytes < 0) throw hostError("recvmsg", lastErrno());
  const descriptors = message.descriptors;
  if (bytes === LABEL_BYTES && message.label === label && descriptors.length === count && !message.isCut)
    return descriptors;
  for (const descriptor of descriptors) closeSync(descriptor);
  throw new ZtlError("frame-malformed", "The files of a layer are not those of this request");
}

/** struct msghdr (linux/socket.h) with one piece of data, the label, and room for some descriptors. */
class Message {
  readonly header = stableBytes(56);
  readonly #piece = stableBytes(16);
  readonly #label = stableBytes(LABEL_BYTES);
  readonly #control: Uint8Array<ArrayBuffer>;
  readonly #controlBytes: number;

  constructor(count: number) {
    this.#controlBytes = CONTROL_HEAD_BYTES + count * 4;
    // CMSG_SPACE: rounded up to the size of a long.
    this.#control = stableBytes(Math.ceil(this.#controlBytes / 8) * 8);
    const piece = new DataView(this.#piece.buffer);
    piece.setBigUint64(0, addressOf(this.#label), true);
    piece.setBigUint64(8, BigInt(LABEL_BYTES), true);
    const header = new DataView(this.header.buffer);
    header.setBigUint64(16, addressOf(this.#piece), true);
    header.setBigUint64(24, 1n, true);
    header.setBigUint64(32, addressOf(this.#control), true);
    header.setBigUint64(40, BigInt(this.#control.length), true);
  }

  get isCut(): boolean {
    return (new DataView(this.header.buffer).getInt32(48, true) & CUT) !== 0;
  }

  get label(): number {
    return Number(new DataView(this.#label.buffer).getBigUint64(0, true));
  }

  set label(label: number) {
    new DataView(this.#label.buffer).setBigUint64(0, BigInt(label), true);
  }

  get descriptors(): number[] {
    const control = new DataView(this.#control.buffer);
    const isRights = control.getInt32(8, true) === SOL_SOCKET && control.getInt32(12, true) === SCM_RIGHTS;
    const length = Math.min(Number(control.getBigUint64(0, true)), this.#control.length);
    const descriptors: number[] = [];
    for (let at = CONTROL_HEAD_BYTES; isRights && at + 4 <= length; at += 4)
      descriptors.push(control.getInt32(at, true));
    return descriptors;
  }

  set descriptors(descriptors: readonly number[]) {
    const control = new DataView(this.#control.buffer);
    control.setBigUint64(0, BigInt(this.#controlBytes), true);
    control.setInt32(8, SOL_SOCKET, true);
    control.setInt32(12, SCM_RIGHTS, true);
    for (const [index, descriptor] of descriptors.entries())
      control.setInt32(CONTROL_HEAD_BYTES + index * 4, descriptor, true);
  }
}
