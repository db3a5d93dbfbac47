/** What is allocated at once for bytes that were announced: as much as one read of the channel brings. */
const FIRST_BYTES = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** A known number of bytes, arriving in pieces. The buffer grows with them, by doubling, whatever was announced. */
export class ArrivingBytes {
  readonly #totalBytes: number;
  #buffer: Uint8Array = NO_BYTES;
  #fill = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  get isComplete(): boolean {
    return this.#fill === this.#totalBytes;
  }

  /** All of them; to be asked for when they are complete. */
  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /** Begins again; what was there is overwritten. */
  restart(): void {
    this.#fill = 0;
  }

  /** All of them, uncopied, when nothing came before and this chunk holds them; they live no longer than the chunk. */
  allIn(chunk: Uint8Array): Uint8Array | undefined {
    return this.#fill === 0 && chunk.length >= this.#totalBytes ? chunk.subarray(0, this.#totalBytes) : undefined;
  }

  /** Takes what belongs here from a chunk and returns the rest. */
  take(chunk: Uint8Array): Uint8Array {
    const taken = Math.min(chunk.length, this.#totalBytes - this.#fill);
    this.#makeRoom(this.#fill + taken);
    this.#buffer.set(chunk.subarray(0, taken), this.#fill);
    this.#fill += taken;
    return chunk.subarray(taken);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    // Not zeroed and not from Node's pool: it is handed out whole, and only once it is filled.
    const grown = Buffer.allocUnsafeSlow(
      Math.min(this.#totalBytes, Math.max(bytes, 2 * this.#buffer.length, FIRST_BYTES)),
    );
    grown.set(this.#buffer.subarray(0, this.#fill));
    this.#buffer = grown;
  }
}
