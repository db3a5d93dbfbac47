import { ZtlError } from "../errors.ts";

/**
 * The messages between the host process and a cell. One frame is
 *
 *     u32 LE  length of the JSON part
 *     u32 LE  length of the body
 *     JSON part (UTF-8, an object)
 *     body (raw bytes)
 *
 * Both lengths are checked against the reader's limits before anything is allocated. The channel is a descriptor of the
 * two host processes; the guest has no way to reach it, so nothing a guest prints can be mistaken for a frame.
 */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

export interface FrameLimits {
  /** Longest JSON part in bytes. */
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** Bytes before the JSON part. */
export const FRAME_PREFIX_BYTES = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The frame as byte chunks to be written one after the other; the parts of its body are not copied. */
export function encodeFrame(header: object, bodyParts: readonly Uint8Array[] = []): Uint8Array[] {
  const json = encoder.encode(JSON.stringify(header));
  const parts = bodyParts.filter((part) => part.length > 0);
  const head = new Uint8Array(FRAME_PREFIX_BYTES + json.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, json.length, true);
  view.setUint32(
    4,
    parts.reduce((sum, part) => sum + part.length, 0),
    true,
  );
  head.set(json, FRAME_PREFIX_BYTES);
  return [head, ...parts];
}

function malformed(reason: string, details: Record<string, unknown> = {}): never {
  throw new ZtlError("frame-malformed", `The other side of a cell's channel sent a bad frame: ${reason}`, details);
}

/** Lengths announced by a prefix; throws ZtlError `frame-malformed` when they exceed the limits. */
export function parsePrefix(prefix: Uint8Array, limits: FrameLimits): { headerBytes: number; bodyBytes: number } {
  const view = new DataView(prefix.buffer, prefix.byteOffset, FRAME_PREFIX_BYTES);
  const headerBytes = view.getUint32(0, true);
  const bodyBytes = view.getUint32(4, true);
  if (headerBytes < 2) malformed("the JSON part is shorter than an empty object", { headerBytes });
  if (headerBytes > limits.headerBytes)
    malformed("the JSON part is too long", { headerBytes, limit: limits.headerBytes });
  if (bodyBytes > limits.bodyBytes) malformed("the body is too long", { bodyBytes, limit: limits.bodyBytes });
  return { headerBytes, bodyBytes };
}

/** The JSON part as an object; throws ZtlError `frame-malformed` for anything else. */
export function parseHeader(json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(json));
  } catch {
    malformed("the JSON part does not parse");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) malformed("the JSON part is not an object");
  return value as Record<string, unknown>;
}

/** Cuts a byte stream, as it arrives in chunks of any size, into frames. After an error it must not be used again. */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #prefix = new Uint8Array(FRAME_PREFIX_BYTES);
  #prefixFill = 0;
  #payload: Uint8Array | undefined;
  #payloadFill = 0;
  #headerBytes = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** True between frames, where the stream may end. */
  get atBoundary(): boolean {
    return this.#prefixFill === 0;
  }

  /** Takes the next chunk and returns the frames it completes. The chunk may be reused by the caller afterwards. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#payload === undefined ? this.#takePrefix(rest) : this.#takePayload(rest, this.#payload);
      const frame = this.#finished();
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  #takePrefix(rest: Uint8Array): Uint8Array {
    const taken = Math.min(rest.length, FRAME_PREFIX_BYTES - this.#prefixFill);
    this.#prefix.set(rest.subarray(0, taken), this.#prefixFill);
    this.#prefixFill += taken;
    if (this.#prefixFill === FRAME_PREFIX_BYTES) {
      const { headerBytes, bodyBytes } = parsePrefix(this.#prefix, this.#limits);
      this.#headerBytes = headerBytes;
      this.#payload = new Uint8Array(headerBytes + bodyBytes);
      this.#payloadFill = 0;
    }
    return rest.subarray(taken);
  }

  #takePayload(rest: Uint8Array, payload: Uint8Array): Uint8Array {
    const taken = Math.min(rest.length, payload.length - this.#payloadFill);
    payload.set(rest.subarray(0, taken), this.#payloadFill);
    this.#payloadFill += taken;
    return rest.subarray(taken);
  }

  #finished(): Frame | undefined {
    const payload = this.#payload;
    if (payload === undefined || this.#payloadFill < payload.length) return undefined;
    this.#payload = undefined;
    this.#prefixFill = 0;
    return { header: parseHeader(payload.subarray(0, this.#headerBytes)), body: payload.subarray(this.#headerBytes) };
  }
}
