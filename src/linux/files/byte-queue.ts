/** A bounded first-in first-out queue of bytes: the buffer behind pipes and sockets. */
export class ByteQueue {
  capacity: number;
  readonly #pieces: Uint8Array[] = [];
  #first = 0;
  #length = 0;
  /** How often bytes came in, and how often bytes went out of a full queue. */
  arrivals = 0;
  departures = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
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
    if (count > 0) this.#pieces.push(Uint8Array.prototype.slice.call(from, 0, count));
    this.#length += count;
    if (count > 0) this.arrivals++;
    return count;
  }

  /** Moves up to `into.length` bytes out. */
  pull(into: Uint8Array): number {
    let done = 0;
    if (this.room === 0 && into.length > 0) this.departures++;
    while (done < into.length && this.#length > 0) {
      const piece = this.#pieces[0];
      const part = piece.subarray(this.#first, this.#first + into.length - done);
      into.set(part, done);
      done += part.length;
      this.#length -= part.length;
      this.#first += part.length;
      if (this.#first < piece.length) break;
      this.#pieces.shift();
      this.#first = 0;
    }
    return done;
  }
}
