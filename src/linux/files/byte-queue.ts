import type { Allowance } from "../allowance.ts";

/** Bytes are held in buffers of this size, as Linux holds a pipe's in pages: many short writes share one. */
const PAGE_BYTES = 4096;

/** A bounded first-in first-out queue of bytes: the buffer behind pipes. Its pages count as the run's memory. */
export class ByteQueue {
  capacity: number;
  readonly #allowance: Allowance;
  readonly #pages: Uint8Array[] = [];
  /** Where the first page's bytes begin, and the last one's end. */
  #head = 0;
  #tail = PAGE_BYTES;
  #length = 0;
  /** How often bytes came in, and how often bytes went out of a full queue. */
  arrivals = 0;
  departures = 0;

  constructor(capacity: number, allowance: Allowance) {
    this.capacity = capacity;
    this.#allowance = allowance;
  }

  get length(): number {
    return this.#length;
  }

  get room(): number {
    return this.capacity - this.#length;
  }

  /** Takes as much of `from` as fits; returns how much. */
  push(from: Uint8Array): number {
    const count = Math.min(from.length, this.room);
    for (let done = 0; done < count; ) {
      const page = this.#pageWithRoom();
      const part = Math.min(count - done, PAGE_BYTES - this.#tail);
      page.set(from.subarray(done, done + part), this.#tail);
      this.#tail += part;
      this.#length += part;
      done += part;
    }
    if (count > 0) this.arrivals++;
    return count;
  }

  /** Moves up to `into.length` bytes out. */
  pull(into: Uint8Array): number {
    let done = 0;
    if (this.room === 0 && into.length > 0) this.departures++;
    while (done < into.length && this.#length > 0) {
      const part = Math.min(into.length - done, this.#length, PAGE_BYTES - this.#head);
      into.set(this.#pages[0].subarray(this.#head, this.#head + part), done);
      done += part;
      this.#head += part;
      this.#length -= part;
      if (this.#head === PAGE_BYTES || this.#length === 0) this.#dropFirst();
    }
    return done;
  }

  /** A copy of the first bytes, which stay. */
  peek(length: number): Uint8Array {
    const copy = new Uint8Array(Math.min(length, this.#length));
    for (let done = 0; done < copy.length; ) {
      const at = this.#head + done;
      const part = this.#pages[Math.floor(at / PAGE_BYTES)].subarray(at % PAGE_BYTES);
      copy.set(part.subarray(0, copy.length - done), done);
      done += part.length;
    }
    return copy;
  }

  /** Forgets all that is in it. */
  clear(): void {
    this.#allowance.refund(this.#pages.length * PAGE_BYTES);
    this.#pages.length = 0;
    this.#head = 0;
    this.#tail = PAGE_BYTES;
    this.#length = 0;
  }

  #pageWithRoom(): Uint8Array {
    if (this.#tail < PAGE_BYTES) return this.#pages[this.#pages.length - 1];
    this.#allowance.charge(PAGE_BYTES);
    const page = new Uint8Array(PAGE_BYTES);
    this.#pages.push(page);
    this.#tail = 0;
    return page;
  }

  #dropFirst(): void {
    this.#pages.shift();
    this.#allowance.refund(PAGE_BYTES);
    this.#head = 0;
    if (this.#pages.length === 0) this.#tail = PAGE_BYTES;
  }
}
