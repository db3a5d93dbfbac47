import { ZtlError } from "../errors.ts";

/**
 * The messages between the host process and a cell. One frame is
 *
 *     16 bytes  nonce of the cell: chosen by the host, the same in all frames of both directions
 *     u64 LE    number of the request; its reply carries the same
 *     u64 LE    length of the JSON part
 *     u64 LE    length of the body
 *     JSON part (UTF-8, an object)
 *     body (raw bytes)
 *
 * The channel is a descriptor of the two host processes; the guest has no way to reach it, so nothing a guest prints can
 * be mistaken for a frame. Should the two ever lose step all the same, bytes of the guest's choosing do not pass for a
 * frame either: the guest cannot know the nonce.
 */
export interface Frame {
  readonly id: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

/** Whose frame it is. */
export interface FrameLabel {
  readonly nonce: Uint8Array;
  readonly id: number;
}

export interface FrameLimits {
  /** Longest JSON part in bytes. */
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** Random bits that nobody guesses: as many as a version 4 UUID has, and some. */
export const NONCE_BYTES = 16;
/** Bytes before the JSON part. */
export const FRAME_PREFIX_BYTES = NONCE_BYTES + 3 * 8;
/** What the upper 32 bits of a u64 count in. */
const HIGH_UNIT = 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The frame as byte chunks to be written one after the other; the parts of its body are not copied. */
export function encodeFrame(
  { nonce, id }: FrameLabel,
  header: object,
  bodyParts: readonly Uint8Array[] = [],
): Uint8Array[] {
  const json = encoder.encode(JSON.stringify(header));
  const parts = bodyParts.filter((part) => part.length > 0);
  const head = new Uint8Array(FRAME_PREFIX_BYTES + json.length);
  const view = new DataView(head.buffer);
  head.set(nonce);
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  writeNumber(view, NONCE_BYTES, id);
  writeNumber(view, NONCE_BYTES + 8, json.length);
  writeNumber(view, NONCE_BYTES + 16, bodyBytes);
  head.set(json, FRAME_PREFIX_BYTES);
  return [head, ...parts];
}

export function malformed(reason: string, details: Record<string, unknown> = {}): never {
  throw new ZtlError("frame-malformed", `The other side of a cell's channel sent a bad frame: ${reason}`, details);
}

export interface FramePrefix extends FrameLimits, FrameLabel {}

/** What a prefix announces; throws ZtlError `frame-malformed` when that exceeds the limits. */
export function parsePrefix(prefix: Uint8Array, limits: FrameLimits): FramePrefix {
  const view = new DataView(prefix.buffer, prefix.byteOffset, FRAME_PREFIX_BYTES);
  const id = readNumber(view, NONCE_BYTES);
  const headerBytes = readNumber(view, NONCE_BYTES + 8);
  const bodyBytes = readNumber(view, NONCE_BYTES + 16);
  if (headerBytes < 2) malformed("the JSON part is shorter than an empty object", { headerBytes });
  if (headerBytes > limits.headerBytes)
    malformed("the JSON part is too long", { headerBytes, limit: limits.headerBytes });
  if (bodyBytes > limits.bodyBytes) malformed("the body is too long", { bodyBytes, limit: limits.bodyBytes });
  return { nonce: prefix.slice(0, NONCE_BYTES), id, headerBytes, bodyBytes };
}

/** Two halves of 32 bits rather than a BigInt, which would be made for each number of each frame. */
function writeNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % HIGH_UNIT, true);
  view.setUint32(at + 4, Math.floor(value / HIGH_UNIT), true);
}

function readNumber(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * HIGH_UNIT + view.getUint32(at, true);
  // Beyond this a number is not exact; no length comes near it.
  if (value > Number.MAX_SAFE_INTEGER) malformed("a length or number is beyond all bounds");
  return value;
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
