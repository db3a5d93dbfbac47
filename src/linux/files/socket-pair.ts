import type { Allowance } from "../allowance.ts";
import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { FileType, type Stat } from "../vfs/index.ts";
import { anonymousInode, anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";
import { BrokenPipe } from "./pipe.ts";

/** Bytes on their way in one direction (net.core.wmem_default, Documentation/admin-guide/sysctl/net.rst). */
const CAPACITY_BYTES = 212_992;
/** Messages on their way in one direction, however short. */
const MESSAGES_MAX = 1024;

/** Descriptors on their way with a message (unix(7), SCM_RIGHTS); whoever takes them out must use or release them. */
export interface PassedFiles {
  readonly files: readonly OpenFile[];
  readonly release: () => void;
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
  passed: PassedFiles | undefined;
  /** What it is charged with. */
  readonly cost: number;
}

/** One direction of a connected pair. What is on its way counts as the run's memory. */
class Direction {
  readonly messages: Message[] = [];
  readonly #allowance: Allowance;
  length = 0;
  arrivals = 0;
  departures = 0;
  readerOpen = true;
  writerOpen = true;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  get room(): number {
    return this.messages.length >= MESSAGES_MAX ? 0 : CAPACITY_BYTES - this.length;
  }

  add(bytes: Uint8Array, passed: PassedFiles | undefined, leastBytes: number): void {
    const buffer = new Uint8Array(Math.max(bytes.length, leastBytes));
    const cost = MESSAGE_BYTES + buffer.length + PASSED_BYTES * (passed?.files.length ?? 0);
    this.#allowance.charge(cost);
    buffer.set(bytes);
    this.messages.push({ buffer, start: 0, end: bytes.length, passed, cost });
    this.length += bytes.length;
  }

  /** Puts bytes of a stream behind those of its last message; returns how many fitted. */
  gather(bytes: Uint8Array): number {
    const last = this.messages.at(-1);
    // Bytes behind descriptors are read apart from those they came with (unix(7)).
    if (last === undefined || last.passed !== undefined) return 0;
    const part = bytes.subarray(0, last.buffer.length - last.end);
    last.buffer.set(part, last.end);
    last.end += part.length;
    this.length += part.length;
    return part.length;
  }

  dropFirst(): void {
    const first = this.messages.shift();
    if (first === undefined) return;
    this.length -= first.end - first.start;
    this.#allowance.refund(first.cost);
  }

  /** Nobody will read what is on its way. */
  clear(): void {
    while (this.messages.length > 0) {
      this.messages[0].passed?.release();
      this.dropFirst();
    }
  }
}

/** What a receive gave. */
export interface Received {
  readonly count: number;
  /** Length of the message before it was cut to the buffer; the same as `count` for streams. */
  readonly fullLength: number;
  readonly passed: PassedFiles | undefined;
}

export type SocketKind = "stream" | "datagram" | "sequenced";

/** One end of a connected pair of Unix sockets (socketpair(2), unix(7)). */
export class SocketEnd extends OpenFile {
  readonly kind: SocketKind;
  readonly #incoming: Direction;
  readonly #outgoing: Direction;
  readonly #ino = anonymousInode();

  private constructor(kind: SocketKind, incoming: Direction, outgoing: Direction, flags: number) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.kind = kind;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  static pair(kind: SocketKind, flags: number, allowance: Allowance): readonly [SocketEnd, SocketEnd] {
    const [a, b] = [new Direction(allowance), new Direction(allowance)];
    return [new SocketEnd(kind, a, b, flags), new SocketEnd(kind, b, a, flags)];
  }

  get label(): string {
    return `socket:[${this.#ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.socket | 0o777, this.#ino);
  }

  override get readableBytes(): number {
    const [first] = this.#incoming.messages;
    return this.kind === "stream" || first === undefined ? this.#incoming.length : first.end - first.start;
  }

  /** Messages must reach one buffer whole. */
  override get movesRecords(): boolean {
    return this.kind !== "stream";
  }

  override read(into: Uint8Array): number {
    const received = this.receive(into, false);
    if (received === undefined) return BLOCKED;
    received.passed?.release();
    return received.count;
  }

  /** Takes (or, to peek, copies) what is there; undefined when there is nothing yet, a count of 0 at the end. */
  receive(into: Uint8Array, peek: boolean): Received | undefined {
    const { messages, writerOpen, readerOpen } = this.#incoming;
    const [first] = messages;
    if (first === undefined)
      return !writerOpen || !readerOpen ? { count: 0, fullLength: 0, passed: undefined } : undefined;
    const fullLength = first.end - first.start;
    const passed = peek ? undefined : first.passed;
    if (!peek) first.passed = undefined;
    if (!peek) this.#incoming.departures++;
    const count = this.kind === "stream" ? this.#takeBytes(into, peek) : this.#takeMessage(into, peek);
    return { count, fullLength: this.kind === "stream" ? count : fullLength, passed };
  }

  #takeMessage(into: Uint8Array, peek: boolean): number {
    const [{ buffer, start, end }] = this.#incoming.messages;
    const part = buffer.subarray(start, Math.min(end, start + into.length));
    into.set(part);
    if (!peek) this.#incoming.dropFirst();
    return part.length;
  }

  #takeBytes(into: Uint8Array, peek: boolean): number {
    const { messages } = this.#incoming;
    let done = 0;
    for (let index = 0; index < messages.length && done < into.length; ) {
      const message = messages[index];
      // Descriptors stay with the bytes they were sent with.
      if (message.passed && done > 0) break;
      const part = message.buffer.subarray(message.start, Math.min(message.end, message.start + into.length - done));
      into.set(part, done);
      done += part.length;
      if (peek) {
        index++;
        continue;
      }
      this.#incoming.length -= part.length;
      message.start += part.length;
      if (message.start === message.end) this.#incoming.dropFirst();
    }
    return done;
  }

  override canTake(length: number): boolean {
    if (!this.#outgoing.readerOpen || !this.#outgoing.writerOpen) return true;
    return this.kind === "stream" ? this.#outgoing.room > 0 : this.#outgoing.room >= Math.min(length, CAPACITY_BYTES);
  }

  override write(from: Uint8Array): number {
    return this.send(from, undefined);
  }

  /** Sends as much as there is room for, a message only whole: EPIPE (and SIGPIPE), EMSGSIZE, ECONNREFUSED. */
  send(from: Uint8Array, passed: PassedFiles | undefined): number {
    const direction = this.#outgoing;
    if (!direction.writerOpen) throw new BrokenPipe();
    if (!direction.readerOpen) {
      if (this.kind === "datagram") fail("ECONNREFUSED");
      throw new BrokenPipe();
    }
    if (this.kind !== "stream" && from.length > CAPACITY_BYTES) fail("EMSGSIZE");
    if (from.length === 0 && this.kind === "stream") return 0;
    if (!this.canTake(from.length)) return BLOCKED;
    const isStream = this.kind === "stream";
    const bytes = from.subarray(0, direction.room);
    const gathered = isStream && passed === undefined ? direction.gather(bytes) : 0;
    if (gathered < bytes.length || !isStream)
      direction.add(bytes.subarray(gathered), passed, isStream ? GATHERED_BYTES : 0);
    direction.arrivals++;
    return bytes.length;
  }

  /** shutdown(2): 0 ends reading, 1 writing, 2 both. */
  shutdown(how: number): void {
    if (how !== 1) this.#incoming.readerOpen = false;
    if (how !== 0) this.#outgoing.writerOpen = false;
  }

  override activity(events: number): number {
    return (
      ((events & Poll.in) !== 0 ? this.#incoming.arrivals : 0) +
      ((events & Poll.out) !== 0 ? this.#outgoing.departures : 0)
    );
  }

  override poll(): number {
    const ended = !this.#incoming.writerOpen || !this.#incoming.readerOpen;
    const readable = this.#incoming.messages.length > 0 || ended ? Poll.in | Poll.rdNorm : 0;
    const closed = ended && (!this.#outgoing.readerOpen || !this.#outgoing.writerOpen);
    const writable =
      !this.#outgoing.readerOpen || this.#outgoing.room > CAPACITY_BYTES / 2 ? Poll.out | Poll.wrNorm : 0;
    return readable | writable | (ended ? Poll.rdHup : 0) | (closed ? Poll.hup : 0);
  }

  protected override closed(): void {
    this.#incoming.readerOpen = false;
    this.#outgoing.writerOpen = false;
    this.#incoming.clear();
  }
}
