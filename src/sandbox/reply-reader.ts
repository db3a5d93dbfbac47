import { ArrivingBytes } from "./arriving-bytes.ts";
import {
  FRAME_PREFIX_BYTES,
  type Frame,
  type FrameLimits,
  type FramePrefix,
  malformed,
  parseHeader,
  parsePrefix,
} from "./frames.ts";
import { checkJsonSize, type JsonLimits } from "./json-size.ts";
import { parseLongHeader } from "./long-header.ts";

/** What the reply to one request may be. */
export interface ReplyLimits extends FrameLimits {
  readonly json: JsonLimits;
}

/** JSON parts that are longer are left for `readLong`: more would hold up whoever reads the channel for more than some milliseconds. */
const LONG_HEADER_BYTES = 512 * 1024;

/** A reply that is whole, and whose JSON part nobody has looked at yet. */
export interface LongFrame {
  readonly json: Uint8Array;
  readonly limits: JsonLimits;
  readonly id: number;
  readonly body: Uint8Array;
}

/** In slices. Throws what `push` throws. */
export async function readLong({ json, limits, id, body }: LongFrame): Promise<Frame> {
  return { id, header: await parseLongHeader(json, limits), body };
}

/** Frames that may come before the reply, for which it says more. */
export interface Aside {
  readonly type: string;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Throws for one that no cell of ours would send. The body's memory is used again afterwards. */
  readonly take: (header: Readonly<Record<string, unknown>>, body: Uint8Array) => void;
}

const NO_BYTES = new Uint8Array(0);

interface Expected {
  readonly id: number;
  readonly limits: ReplyLimits;
  readonly asides: readonly Aside[];
}

/**
 * The host's reader of what a cell sends, as it arrives in chunks of any size. It knows whose reply it waits for; a byte
 * that belongs to no such reply is refused. What a cell merely announces costs nothing: memory grows with what has really
 * arrived. After an error it must not be used again.
 */
export class ReplyReader {
  readonly #nonce: Uint8Array;
  #expected: Expected | undefined;
  readonly #prefix = new ArrivingBytes(FRAME_PREFIX_BYTES);
  #announced: FramePrefix | undefined;
  #json: ArrivingBytes | undefined;
  #header: Record<string, unknown> | undefined;
  #longJson: Uint8Array | undefined;
  #body: ArrivingBytes | undefined;

  constructor(nonce: Uint8Array) {
    this.#nonce = nonce;
  }

  /** A request was sent; its reply is awaited. */
  expect(id: number, limits: ReplyLimits, asides: readonly Aside[] = []): void {
    this.#expected = { id, limits, asides };
  }

  /**
   * Takes the next chunk and returns the reply once it is whole. The chunk may be reused by the caller afterwards.
   * Throws ZtlError `frame-malformed` for all that is not this reply, a byte too many included.
   */
  push(chunk: Uint8Array): Frame | LongFrame | undefined {
    let rest = chunk;
    while (rest.length > 0) {
      const expected = this.#expected ?? malformed("nothing was asked");
      rest = this.#takeHead(rest, expected);
      if (this.#body === undefined) return undefined;
      rest = this.#body.take(rest);
      if (!this.#body.isComplete) return undefined;
      if (this.#takeAside(expected)) continue;
      if (rest.length > 0) malformed("there is more than the reply");
      return this.#finish(expected);
    }
    return undefined;
  }

  /** Whether what has arrived is no reply yet; the next frame may follow in the same chunk. */
  #takeAside({ asides }: Expected): boolean {
    const header = this.#header ?? {};
    const aside = asides.find(({ type }) => type === header.type);
    if (aside === undefined) return false;
    const { headerBytes = 0 } = this.#announced ?? {};
    if (headerBytes > aside.headerBytes) malformed("what comes before the reply is too long");
    const body = this.#body?.bytes ?? NO_BYTES;
    this.#restart();
    aside.take(header, body);
    return true;
  }

  /** As long as its kind may be: of which kind it is its JSON part says. */
  #checkBody({ limits, asides }: Expected): void {
    const { bodyBytes = 0 } = this.#announced ?? {};
    const aside = asides.find(({ type }) => type === this.#header?.type);
    if (bodyBytes > (aside ?? limits).bodyBytes) malformed("the body is too long");
  }

  /** Up to the end of the JSON part. */
  #takeHead(chunk: Uint8Array, expected: Expected): Uint8Array {
    let rest = chunk;
    if (this.#announced === undefined) {
      rest = this.#prefix.take(rest);
      if (!this.#prefix.isComplete) return rest;
      this.#announced = this.#checkPrefix(this.#prefix.bytes, expected);
      this.#json = new ArrivingBytes(this.#announced.headerBytes);
    }
    if (this.#json === undefined) return rest;
    let json = this.#json.allIn(rest);
    if (json !== undefined) rest = rest.subarray(json.length);
    else {
      rest = this.#json.take(rest);
      if (!this.#json.isComplete) return rest;
      json = this.#json.bytes;
    }
    if (json.length > LONG_HEADER_BYTES) this.#longJson = json;
    else {
      checkJsonSize(json, expected.limits.json);
      this.#header = parseHeader(json);
    }
    this.#json = undefined;
    this.#checkBody(expected);
    this.#body = new ArrivingBytes(this.#announced.bodyBytes);
    return rest;
  }

  #checkPrefix(bytes: Uint8Array, { id, limits, asides }: Expected): FramePrefix {
    const bodyBytes = Math.max(limits.bodyBytes, ...asides.map((aside) => aside.bodyBytes));
    const prefix = parsePrefix(bytes, { headerBytes: limits.headerBytes, bodyBytes });
    if (Buffer.compare(prefix.nonce, this.#nonce) !== 0) malformed("it does not carry this cell's nonce");
    if (prefix.id !== id) malformed("it answers another request", { found: prefix.id, expected: id });
    return prefix;
  }

  #finish({ id, limits }: Expected): Frame | LongFrame {
    const body = this.#body?.bytes ?? new Uint8Array(0);
    const json = this.#longJson;
    const frame =
      json === undefined ? { id, header: this.#header ?? {}, body } : { id, json, limits: limits.json, body };
    this.#restart();
    this.#expected = undefined;
    return frame;
  }

  #restart(): void {
    this.#prefix.restart();
    this.#announced = this.#header = this.#longJson = this.#body = undefined;
  }
}
