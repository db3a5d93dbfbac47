import { readSync, writevSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import {
  encodeFrame,
  FRAME_PREFIX_BYTES,
  type Frame,
  type FrameLabel,
  type FrameLimits,
  parseHeader,
  parsePrefix,
} from "../frames.ts";

/** Node takes a length of 31 bits; Linux reads a little less at once (MAX_RW_COUNT, linux/fs.h). */
const READ_BYTES_MAX = 2 ** 30;

/**
 * The cell's end of its channel. A cell does one thing at a time and has no event loop to speak of, so it reads and
 * writes synchronously; the descriptor is in blocking mode. The first frame says which nonce is the cell's.
 */
export class SyncChannel {
  readonly #fd: number;
  readonly #limits: FrameLimits;
  readonly #prefix = new Uint8Array(FRAME_PREFIX_BYTES);
  #nonce: Uint8Array | undefined;
  /** Number of the request that was read last, which is the one to be answered. */
  #id = 0;

  constructor(fd: number, limits: FrameLimits) {
    this.#fd = fd;
    this.#limits = limits;
  }

  /** False until the first request: there is nothing to answer yet. */
  get isOpen(): boolean {
    return this.#nonce !== undefined;
  }

  /** The next request, waiting for it; undefined when the other side has closed the channel. */
  read(): Frame | undefined {
    const frame = this.#frame();
    if (frame !== undefined) this.#id = frame.id;
    return frame;
  }

  /** A frame that comes beside the request that is being worked on. */
  readAside(): Frame | undefined {
    return this.#frame();
  }

  /** Number of the request that is being worked on. */
  get id(): number {
    return this.#id;
  }

  /** Answers the request that was read last. */
  write(header: object, bodyParts: readonly Uint8Array[] = []): void {
    const label: FrameLabel = { nonce: this.#nonce ?? new Uint8Array(0), id: this.#id };
    this.#writeAll(encodeFrame(label, header, bodyParts));
  }

  #frame(): Frame | undefined {
    if (!this.#fill(this.#prefix)) return undefined;
    const { nonce, id, headerBytes, bodyBytes } = parsePrefix(this.#prefix, this.#limits);
    this.#nonce ??= nonce;
    if (Buffer.compare(this.#nonce, nonce) !== 0)
      throw new ZtlError("frame-malformed", "A request came with another nonce than the first");
    const payload = new Uint8Array(headerBytes + bodyBytes);
    if (!this.#fill(payload)) return undefined;
    return { id, header: parseHeader(payload.subarray(0, headerBytes)), body: payload.subarray(headerBytes) };
  }

  #fill(into: Uint8Array): boolean {
    for (let at = 0; at < into.length; ) {
      const count = this.#read(into, at);
      if (count === 0) return false;
      at += count;
    }
    return true;
  }

  /** The timer of a run interrupts a read that waits for the rest of a frame; libuv makes all calls again but that one. */
  #read(into: Uint8Array, at: number): number {
    for (;;) {
      try {
        return readSync(this.#fd, into, at, Math.min(into.length - at, READ_BYTES_MAX), null);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EINTR") throw error;
      }
    }
  }

  #writeAll(parts: Uint8Array[]): void {
    let rest = parts;
    while (rest.length > 0) {
      // IOV_MAX (linux/uio.h): at most 1024 buffers per call.
      let written = writevSync(this.#fd, rest.slice(0, 1024));
      let index = 0;
      while (index < rest.length && written >= (rest[index] as Uint8Array).length) {
        written -= (rest[index] as Uint8Array).length;
        index++;
      }
      rest = rest.slice(index);
      if (written > 0) rest[0] = (rest[0] as Uint8Array).subarray(written);
    }
  }
}
