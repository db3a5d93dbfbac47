import type { Allowance } from "../allowance.ts";
import type { OpenFile } from "../files/open-file.ts";

/** Descriptors on their way with a message (unix(7), SCM_RIGHTS); whoever takes them out must use or release them. */
export interface PassedFiles {
  readonly files: readonly OpenFile[];
  readonly release: () => void;
}

/** Who sent a message, or made a socket (struct ucred, linux/socket.h). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What goes with the bytes of a message. */
export interface Attached {
  readonly passed?: PassedFiles | undefined;
  readonly sender?: Peer | undefined;
  /** The sender's address, as recvfrom(2) gives it. */
  readonly source?: Buffer | undefined;
  readonly control?: readonly ControlMessage[] | undefined;
}

/** Something told beside the bytes (cmsg(3)). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What a receive gave. */
export interface Received extends Attached {
  readonly count: number;
  /** Length of the message before it was cut to the buffer; the same as `count` for streams. */
  readonly fullLength: number;
}

/** What a message costs beside its bytes (an empty skb and its shared info, SKB_TRUESIZE(0) of linux/skbuff.h). */
const MESSAGE_BYTES = 768;
/** The bytes of short writes to a stream are gathered in buffers of this size. */
const GATHERED_BYTES = 4096;
/** What holding one passed descriptor costs: a pointer. */
const PASSED_BYTES = 8;

interface Message {
  /** Holds the bytes from `start` to `end`; a stream goes on filling it. */
  readonly buffer: Uint8Array;
  start: number;
  end: number;
  attached: Attached;
  /** What it is charged with. */
  readonly cost: number;
}

function sameSender(a: Peer | undefined, b: Peer | undefined): boolean {
  return a === b || (a?.pid === b?.pid && a?.uid === b?.uid && a?.gid === b?.gid);
}

/** What is on its way to one socket. It counts as the run's memory. */
export class MessageQueue {
  readonly #allowance: Allowance;
  readonly #messages: Message[] = [];
  #length = 0;
  #heldBytes = 0;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How many messages wait. */
  get count(): number {
    return this.#messages.length;
  }

  /** Their bytes in all. */
  get length(): number {
    return this.#length;
  }

  /** Memory they take, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get firstLength(): number {
    const [first] = this.#messages;
    return first === undefined ? 0 : first.end - first.start;
  }

  /** A message that is to be read whole. */
  add(bytes: Uint8Array, attached: Attached, leastBytes = 0): void {
    const buffer = new Uint8Array(Math.max(bytes.length, leastBytes));
    const cost = MESSAGE_BYTES + buffer.length + PASSED_BYTES * (attached.passed?.files.length ?? 0);
    this.#allowance.charge(cost);
    buffer.set(bytes);
    this.#messages.push({ buffer, start: 0, end: bytes.length, attached, cost });
    this.#length += bytes.length;
    this.#heldBytes += cost;
  }

  /** More bytes of a stream, behind those of its last message as far as they fit. */
  append(bytes: Uint8Array, attached: Attached): void {
    const gathered = attached.passed === undefined ? this.#gather(bytes, attached) : 0;
    if (gathered < bytes.length) this.add(bytes.subarray(gathered), attached, GATHERED_BYTES);
  }

  #gather(bytes: Uint8Array, { sender }: Attached): number {
    const last = this.#messages.at(-1);
    // Bytes behind descriptors are read apart from those they came with, and so are another sender's (unix(7)).
    if (last === undefined || last.attached.passed !== undefined || !sameSender(last.attached.sender, sender)) return 0;
    const part = bytes.subarray(0, last.buffer.length - last.end);
    last.buffer.set(part, last.end);
    last.end += part.length;
    this.#length += part.length;
    return part.length;
  }

  /** Takes, or to peek copies, the first message; what the buffer is too short for is lost. Undefined when there is none. */
  takeMessage(into: Uint8Array, peek: boolean): Received | undefined {
    const [first] = this.#messages;
    if (first === undefined) return undefined;
    const { buffer, start, end } = first;
    const part = buffer.subarray(start, Math.min(end, start + into.length));
    into.set(part);
    const attached = peek ? borrowed(first.attached) : first.attached;
    if (!peek) this.#dropFirst();
    return { ...attached, count: part.length, fullLength: end - start };
  }

  /** Takes, or to peek copies, bytes of a stream; `bySender` ends at another sender's. Undefined when there are none. */
  takeBytes(into: Uint8Array, peek: boolean, bySender = false): Received | undefined {
    const [first] = this.#messages;
    if (first === undefined) return undefined;
    const { sender } = first.attached;
    let passed: PassedFiles | undefined;
    let done = 0;
    // Nothing behind descriptors comes with them (unix(7), SCM_RIGHTS).
    for (let index = 0; index < this.#messages.length && done < into.length && passed === undefined; ) {
      const message = this.#messages[index];
      if (bySender && !sameSender(message.attached.sender, sender)) break;
      passed = peek ? borrowed(message.attached).passed : message.attached.passed;
      if (!peek) message.attached = { sender: message.attached.sender };
      const part = message.buffer.subarray(message.start, Math.min(message.end, message.start + into.length - done));
      into.set(part, done);
      done += part.length;
      if (peek) index++;
      else this.#consume(message, part.length);
    }
    return { sender, passed, count: done, fullLength: done };
  }

  #consume(message: Message, bytes: number): void {
    this.#length -= bytes;
    message.start += bytes;
    if (message.start === message.end) this.#dropFirst();
  }

  #dropFirst(): void {
    const first = this.#messages.shift();
    if (first === undefined) return;
    this.#length -= first.end - first.start;
    this.#heldBytes -= first.cost;
    this.#allowance.refund(first.cost);
  }

  /** Nobody will read what is on its way. */
  clear(): void {
    while (this.#messages.length > 0) {
      this.#messages[0].attached.passed?.release();
      this.#dropFirst();
    }
  }
}

/** Who only peeks gets the descriptors as well, but they stay with the message (unix(7), SCM_RIGHTS). */
function borrowed(attached: Attached): Attached {
  const { passed } = attached;
  return passed === undefined ? attached : { ...attached, passed: { files: passed.files, release: () => {} } };
}
