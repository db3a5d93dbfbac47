/**
 * Pieces start small and double up to this size, so that a single byte written costs little and a million of them no more. The
 * smallest lie in Node's pool (Buffer.poolSize): an array buffer of its own takes longer to make and to collect than a
 * short output to write.
 */
const PIECE_BYTES_MIN = 1024;
const PIECE_BYTES_MAX = 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** Bytes that only grow, gathered from however small writes. */
export class GrowingBytes {
  readonly #full: Uint8Array[] = [];
  #last = NOTHING;
  #used = 0;

  append(from: Uint8Array): void {
    for (let done = 0; done < from.length; ) {
      if (this.#used === this.#last.length) this.#startPiece(from.length - done);
      const room = this.#last.length - this.#used;
      const part = done === 0 && from.length <= room ? from : from.subarray(done, done + room);
      this.#last.set(part, this.#used);
      this.#used += part.length;
      done += part.length;
    }
  }

  /** All of it in one piece. */
  take(): Buffer {
    if (this.#full.length === 0 && this.#used === 0) return NOTHING;
    const last = this.#last.subarray(0, this.#used);
    const bytes = this.#full.length === 0 ? last : Buffer.concat([...this.#full, last]);
    this.#full.splice(0, this.#full.length, bytes);
    this.#last = NOTHING;
    this.#used = 0;
    return bytes;
  }

  #startPiece(wantedBytes: number): void {
    if (this.#last.length > 0) this.#full.push(this.#last);
    const bytes = Math.max(PIECE_BYTES_MIN, 2 * this.#last.length, wantedBytes);
    // Not cleared: nothing is handed out but what was appended.
    this.#last = Buffer.allocUnsafe(Math.min(bytes, PIECE_BYTES_MAX));
    this.#used = 0;
  }
}
