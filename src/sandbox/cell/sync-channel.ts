import { readSync, writevSync } from "node:fs";
import { encodeFrame, FRAME_PREFIX_BYTES, type Frame, type FrameLimits, parseHeader, parsePrefix } from "../frames.ts";

/**
 * The cell's end of its channel. A cell does one thing at a time and has no event loop to speak of, so it reads and
 * writes synchronously; the descriptor is in blocking mode.
 */
export class SyncChannel {
  readonly #fd: number;
  readonly #limits: FrameLimits;
  readonly #prefix = new Uint8Array(FRAME_PREFIX_BYTES);

  constructor(fd: number, limits: FrameLimits) {
    this.#fd = fd;
    this.#limits = limits;
  }

  /** The next frame, waiting for it; undefined when the other side has closed the channel. */
  read(): Frame | undefined {
    if (!this.#fill(this.#prefix)) return undefined;
    const { headerBytes, bodyBytes } = parsePrefix(this.#prefix, this.#limits);
    const payload = new Uint8Array(headerBytes + bodyBytes);
    if (!this.#fill(payload)) return undefined;
    return { header: parseHeader(payload.subarray(0, headerBytes)), body: payload.subarray(headerBytes) };
  }

  write(header: object, bodyParts: readonly Uint8Array[] = []): void {
    this.#writeAll(encodeFrame(header, bodyParts));
  }

  #fill(into: Uint8Array): boolean {
    for (let at = 0; at < into.length; ) {
      const count = readSync(this.#fd, into, at, into.length - at, null);
      if (count === 0) return false;
      at += count;
    }
    return true;
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
