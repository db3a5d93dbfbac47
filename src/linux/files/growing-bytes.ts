/** Pieces start small and double up to this size, so that a single byte written costs little and a million of them no more. */
const PIECE_BYTES_MIN = 1024;
const PIECE_BYTES_MAX = 1024 * 1024;

/** Bytes that only grow, gathered from however small writes. */
export class GrowingBytes {
  readonly #full: Uint8Array[] = [];
  #last = new Uint8Array(0);
  #used = 0;

  append(from: Uint8Array): void {
    for (let done = 0; done < from.length; ) {
      if (this.#used === this.#last.length) this.#startPiece(from.length - done);
      const part = from.subarray(done, done + this.#last.length - this.#used);
      this.#last.set(part, this.#used);
      this.#used += part.length;
      done += part.length;
    }
  }

  /** All of it in one piece. */
  take(): Buffer {
    const bytes = Buffer.concat([...this.#full, this.#last.subarray(0, this.#used)]);
    this.#full.splice(0, this.#full.length, bytes);
    this.#last = new Uint8Array(0);
    this.#used = 0;
    return bytes;
  }

  #startPiece(wantedBytes: number): void {
    if (this.#last.length > 0) this.#full.push(this.#last);
    const bytes = Math.max(PIECE_BYTES_MIN, 2 * this.#last.length, wantedBytes);
    this.#last = new Uint8Array(Math.min(bytes, PIECE_BYTES_MAX));
    this.#used = 0;
  }
}
