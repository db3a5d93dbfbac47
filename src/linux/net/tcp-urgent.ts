import { fail } from "../errno.ts";
import type { MessageQueue, Received } from "./message-queue.ts";

/**
 * Urgent data of one direction of a connection: a mark in the stream, and the byte there, which is read apart unless it is
 * wanted in its place (tcp(7), "Urgent data"; socket(7), SO_OOBINLINE).
 */
export class UrgentMark {
  /** Bytes of the stream before the mark; undefined without one. */
  #before: number | undefined;
  #byte: number | undefined;
  #isInline = false;

  /** A byte behind all that waits. An earlier one that nobody read is lost. */
  set(byte: number, queue: MessageQueue, isInline: boolean): void {
    this.#before = queue.length;
    this.#byte = byte;
    this.#isInline = isInline;
    if (isInline) queue.append(Buffer.from([byte]), {});
  }

  get isWaiting(): boolean {
    return this.#before !== undefined && this.#byte !== undefined;
  }

  /** SIOCATMARK: whether the next byte of the stream is the one behind the mark. */
  get isReached(): boolean {
    return this.#before === 0;
  }

  /** Reads of the stream stop at the mark. */
  take(queue: MessageQueue, into: Uint8Array, peek: boolean): Received | undefined {
    const before = this.#before;
    const part = before !== undefined && before > 0 ? into.subarray(0, before) : into;
    const received = queue.takeBytes(part, peek);
    if (before === undefined || received === undefined || peek) return received;
    // Behind the mark there is none any more, and its byte is gone.
    if (before === 0 && received.count > 0) this.#before = this.#byte = undefined;
    else this.#before = before - received.count;
    return received;
  }

  /** recv(2) with MSG_OOB: EINVAL when there is none, or it is in the stream. */
  read(peek: boolean): number {
    const byte = this.#isInline || this.#before === undefined ? undefined : this.#byte;
    if (byte === undefined) return fail("EINVAL");
    if (!peek) this.#byte = undefined;
    return byte;
  }
}
