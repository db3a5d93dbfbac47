import type { Allowance } from "../allowance.ts";
import { toU64 } from "../memory/wide.ts";
import { type Birth, IpcObject } from "./objects.ts";

/** struct msqid64_ds (asm-generic/msgbuf.h). */
export const QUEUE_BYTES = 120;
/** Longest message, and what a queue holds at first (MSGMAX, MSGMNB, linux/msg.h). */
export const MESSAGE_BYTES_MAX = 8192;
export const QUEUE_CONTENT_BYTES = 16_384;
/** What a message counts as memory beside its text: an object, its type and an array of bytes. */
const MESSAGE_BYTES = 384;
/** Above every type. */
const TYPE_END = 1n << 63n;

interface Message {
  readonly type: bigint;
  readonly text: Uint8Array;
}

/** How a receiver picks: which types, and which of them. */
export interface Wanted {
  readonly type: bigint;
  /** Everything but that type (MSG_EXCEPT). */
  readonly except: boolean;
}

/** A System V message queue (msgget(2)). */
export class MessageQueue extends IpcObject {
  capacityBytes = QUEUE_CONTENT_BYTES;
  sentSeconds = 0n;
  receivedSeconds = 0n;
  lastSender = 0;
  lastReceiver = 0;
  readonly #messages: Message[] = [];
  readonly #allowance: Allowance;
  #bytes = 0;

  constructor(birth: Birth, allowance: Allowance) {
    super(birth);
    this.#allowance = allowance;
  }

  canTake(bytes: number): boolean {
    return this.#bytes + bytes <= this.capacityBytes && this.#messages.length + 1 <= this.capacityBytes;
  }

  send(message: Message): void {
    this.#allowance.charge(MESSAGE_BYTES + message.text.length);
    this.#messages.push(message);
    this.#bytes += message.text.length;
  }

  /** The message a receiver would get now. */
  pick({ type, except }: Wanted): Message | undefined {
    if (type === 0n) return this.#messages[0];
    let found: Message | undefined;
    for (const message of this.#messages) {
      this.#allowance.work();
      if (type > 0n && (message.type === type) !== except) return message;
      if (type < 0n && message.type <= -type && message.type < (found?.type ?? TYPE_END)) found = message;
    }
    return found;
  }

  take(message: Message): void {
    this.#messages.splice(this.#messages.indexOf(message), 1);
    this.#bytes -= message.text.length;
    this.#allowance.refund(MESSAGE_BYTES + message.text.length);
  }

  dispose(): void {
    this.#allowance.refund(this.#messages.length * MESSAGE_BYTES + this.#bytes);
    this.#messages.length = this.#bytes = 0;
  }

  statBytes(): Buffer {
    const bytes = this.permissionBytes(QUEUE_BYTES);
    bytes.writeBigInt64LE(this.sentSeconds, 48);
    bytes.writeBigInt64LE(this.receivedSeconds, 56);
    bytes.writeBigInt64LE(this.changedSeconds, 64);
    bytes.writeBigUInt64LE(BigInt(this.#bytes), 72);
    bytes.writeBigUInt64LE(BigInt(this.#messages.length), 80);
    bytes.writeBigUInt64LE(toU64(this.capacityBytes), 88);
    bytes.writeInt32LE(this.lastSender, 96);
    bytes.writeInt32LE(this.lastReceiver, 100);
    return bytes;
  }
}
