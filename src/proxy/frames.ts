/** How a streamed answer is cut into frames: server-sent events (OpenAI) or a line of JSON each (Ollama). */
export type Framing = "events" | "lines";

/** One frame: its bytes exactly as they came, and what it carries (`undefined`: a comment or a blank, no data). */
export interface Frame {
  readonly bytes: Buffer;
  readonly data: string | undefined;
}

export type Frames =
  | { readonly ok: true; readonly frames: readonly Frame[] }
  | { readonly ok: false; readonly code: "frame_too_long" | "not_utf8" };

const LF = 0x0a;
const CR = 0x0d;

/** Room that is kept from one frame for the next; frames of tokens have some hundred bytes. */
const KEPT_BYTES = 16 * 1024;

/**
 * Cuts an untrusted stream into whole frames, wherever the network split it. All frames together are the stream, byte for
 * byte. Never holds more than one frame of `maxFrameBytes`; after a refusal it must not be used again.
 */
export class FrameReader {
  /** What has come of the frame so far, in its first bytes. It doubles when it is full, so that a stream of single bytes costs its length. */
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  /** Of the whole stream: a byte order mark may stand there, and only there (HTML, "Parsing an event stream"). */
  #isFirst = true;
  #lineIsEmpty = true;
  #afterCr = false;
  /** A frame ended in CR: an LF that comes next is part of that end, and goes on at once as a frame without data. */
  #endedInCr = false;

  readonly #framing: Framing;
  readonly #maxFrameBytes: number;

  constructor(framing: Framing, maxFrameBytes: number) {
    this.#framing = framing;
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Buffer): Frames {
    const frames: Frame[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#endsFrame(chunk[at] as number)) continue;
      const refusal = this.#take(chunk.subarray(start, at + 1), frames);
      if (refusal !== undefined) return refusal;
      start = at + 1;
    }
    return this.#hold(chunk.subarray(start)) ?? { ok: true, frames };
  }

  /** What is left when the stream is over: a frame that was never ended, which no reader should act on. */
  rest(): Buffer {
    return Buffer.from(this.#held.subarray(0, this.#heldBytes));
  }

  #endsFrame(byte: number): boolean {
    if (this.#framing === "lines") return byte === LF;
    if (byte === LF && this.#afterCr) {
      this.#afterCr = false;
      return this.#endedInCr;
    }
    this.#endedInCr = false;
    this.#afterCr = byte === CR;
    const ended = (byte === LF || byte === CR) && this.#lineIsEmpty;
    this.#lineIsEmpty = byte === LF || byte === CR;
    this.#endedInCr = ended && byte === CR;
    return ended;
  }

  #hold(bytes: Buffer): Frames | undefined {
    const length = this.#heldBytes + bytes.length;
    if (length > this.#maxFrameBytes) return { ok: false, code: "frame_too_long" };
    if (length > this.#held.length) {
      const larger = Buffer.alloc(Math.min(this.#maxFrameBytes, Math.max(length, 2 * this.#held.length)));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = length;
    return undefined;
  }

  #take(bytes: Buffer, frames: Frame[]): Frames | undefined {
    const refusal = this.#hold(bytes);
    if (refusal !== undefined) return refusal;
    const whole = this.rest();
    this.#heldBytes = 0;
    if (this.#held.length > KEPT_BYTES) this.#held = Buffer.alloc(0);
    const text = utf8(whole);
    if (text === undefined) return { ok: false, code: "not_utf8" };
    const read = this.#isFirst ? text.replace(/^\ufeff/, "") : text;
    this.#isFirst = false;
    frames.push({ bytes: whole, data: this.#framing === "lines" ? jsonLine(read) : eventData(read) });
    return undefined;
  }
}

/** A byte order mark stays: only the stream's first is none of the text. */
function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Without the white space of JSON around it; what else `trim` takes for white space is none, a byte order mark among it. */
function jsonLine(text: string): string | undefined {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "") || undefined;
}

/** The `data` of an event as the HTML standard joins it; other fields travel in the bytes. */
function eventData(text: string): string | undefined {
  const data = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line === "data" || line.startsWith("data:"))
    .map((line) => line.slice("data:".length).replace(/^ /, ""));
  return data.length === 0 ? undefined : data.join("\n");
}
