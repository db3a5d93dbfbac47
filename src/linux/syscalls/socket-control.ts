import { fail, LinuxError } from "../errno.ts";
import type { OpenFile } from "../files/open-file.ts";
import { Family, Msg } from "../net/abi.ts";
import type { ControlMessage, PassedFiles, Peer, Received } from "../net/message-queue.ts";
import { Level } from "../net/options.ts";
import type { Socket } from "../net/socket.ts";
import type { Call } from "./call.ts";

/** struct cmsghdr: length, level, type (cmsg(3)); data and the next header are aligned to 8. */
const CMSG_HEADER_BYTES = 16;
/** Control messages of Unix sockets (linux/socket.h). */
const Scm = { rights: 1, credentials: 2 } as const;
/** struct ucred: process, user, group. */
const CREDENTIALS_BYTES = 12;
/** Descriptors one message may carry (SCM_MAX_FD, net/scm.h). */
const PASSED_MAX = 253;
/** Longest control data looked at (net.core.optmem_max's usual 128 KiB). */
const CONTROL_BYTES_MAX = 131_072;

/** Where control data is, or is to go. */
export interface ControlArea {
  readonly control: number;
  readonly controlLength: number;
}

export interface OutgoingControl {
  readonly passed: PassedFiles | undefined;
  readonly sender: Peer | undefined;
  readonly control: readonly ControlMessage[];
}

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function credentialsBytes({ pid, uid, gid }: Peer): Buffer {
  const bytes = Buffer.alloc(CREDENTIALS_BYTES);
  bytes.writeInt32LE(pid, 0);
  bytes.writeUInt32LE(uid, 4);
  bytes.writeUInt32LE(gid, 8);
  return bytes;
}

/** What goes with a message; descriptors are held so that they outlive their sender: EBADF, EINVAL, EPERM, ENOBUFS. */
export function readControl(call: Call, socket: Socket, { control, controlLength }: ControlArea): OutgoingControl {
  if (controlLength > CONTROL_BYTES_MAX) fail("ENOBUFS");
  if (control === 0 || controlLength < CMSG_HEADER_BYTES) return { passed: undefined, sender: undefined, control: [] };
  const bytes = call.memory.read(control, controlLength);
  const files: OpenFile[] = [];
  const others: ControlMessage[] = [];
  let sender: Peer | undefined;
  for (let at = 0; at + CMSG_HEADER_BYTES <= bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    if (length < CMSG_HEADER_BYTES || at + length > bytes.length) fail("EINVAL");
    const data = bytes.subarray(at + CMSG_HEADER_BYTES, at + length);
    const [level, type] = [bytes.readInt32LE(at + 8), bytes.readInt32LE(at + 12)];
    if (level !== Level.socket) others.push({ level, type, data });
    else if (socket.kind.family === Family.unix) {
      if (type === Scm.rights) readDescriptors(call, data, files);
      else if (type === Scm.credentials) sender = readCredentials(call, data);
      else fail("EINVAL");
      // To others these are no news, and all else is nothing (__sock_cmsg_send, net/core/sock.c).
    } else if (type !== Scm.rights && type !== Scm.credentials) fail("EINVAL");
    at += aligned(length);
  }
  return { passed: held(call, files), sender, control: others };
}

function readDescriptors(call: Call, data: Buffer, files: OpenFile[]): void {
  for (let at = 0; at + 4 <= data.length; at += 4) {
    if (files.length >= PASSED_MAX) fail("EINVAL");
    files.push(call.process.files.get(data.readInt32LE(at)));
  }
}

function held(call: Call, files: readonly OpenFile[]): PassedFiles | undefined {
  if (files.length === 0) return undefined;
  const { openFiles } = call.kernel;
  for (const file of files) file.retain(openFiles);
  return { files, release: () => files.forEach((file) => file.release(openFiles)) };
}

/** Only user 0 may name someone else (unix(7), SCM_CREDENTIALS). */
function readCredentials(call: Call, data: Buffer): Peer {
  if (data.length !== CREDENTIALS_BYTES) fail("EINVAL");
  const { credentials, pid } = call.process;
  const named = { pid: data.readInt32LE(0), uid: data.readUInt32LE(4), gid: data.readUInt32LE(8) };
  const isOwn = named.pid === pid && named.uid === credentials.uid && named.gid === credentials.gid;
  if (!isOwn && credentials.uid !== 0) fail("EPERM");
  if (!call.kernel.processes.has(named.pid)) fail("ESRCH");
  return named;
}

/** Control data as it is written: what there is no room for is cut, and told by MSG_CTRUNC (put_cmsg, net/core/scm.c). */
class ControlWriter {
  readonly #call: Call;
  readonly #area: ControlArea;
  used = 0;
  isCut = false;

  constructor(call: Call, area: ControlArea) {
    this.#call = call;
    this.#area = area;
  }

  get #room(): number {
    return this.#area.control === 0 ? 0 : this.#area.controlLength - this.used;
  }

  /** How many numbers a message could carry. */
  get numbers(): number {
    return Math.max(Math.floor((this.#room - CMSG_HEADER_BYTES) / 4), 0);
  }

  put(level: number, type: number, data: Uint8Array): void {
    if (this.#room < CMSG_HEADER_BYTES) {
      this.isCut = true;
      return;
    }
    const wanted = CMSG_HEADER_BYTES + data.length;
    const length = Math.min(wanted, this.#room);
    if (length < wanted) this.isCut = true;
    const bytes = Buffer.alloc(wanted);
    bytes.writeBigUInt64LE(BigInt(length), 0);
    bytes.writeInt32LE(level, 8);
    bytes.writeInt32LE(type, 12);
    bytes.set(data, CMSG_HEADER_BYTES);
    this.#call.memory.write(this.#area.control + this.used, bytes.subarray(0, length));
    this.used += Math.min(aligned(wanted), this.#room);
  }
}

/** Writes what came with a message; returns how much of the area it took and the flags that say what was cut. */
export function writeControl(
  call: Call,
  socket: Socket,
  area: ControlArea,
  received: Received,
  flags: number,
): { readonly used: number; readonly flags: number } {
  const writer = new ControlWriter(call, area);
  for (const { level, type, data } of received.control ?? []) writer.put(level, type, data);
  if (socket.options.passesCredentials && received.sender !== undefined)
    writer.put(Level.socket, Scm.credentials, credentialsBytes(received.sender));
  const files = received.passed?.files ?? [];
  const descriptors = installPassed(call, files.slice(0, writer.numbers), flags);
  const numbers = Buffer.alloc(4 * descriptors.length);
  descriptors.forEach((descriptor, i) => numbers.writeInt32LE(descriptor, 4 * i));
  if (descriptors.length > 0) writer.put(Level.socket, Scm.rights, numbers);
  const isCut = writer.isCut || descriptors.length < files.length;
  return { used: writer.used, flags: isCut ? Msg.controlTruncated : 0 };
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
