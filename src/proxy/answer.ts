import type { Json } from "../base/json.ts";
import { parseJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import { type Frame, FrameReader, type Framing } from "./frames.ts";
import { PROXY_LIMITS } from "./limits.ts";
import type { Strip } from "./logprobs.ts";
import { RefusedError } from "./refusal.ts";
import { Step, type ToolCall } from "./tool-calls.ts";
import type { Wire } from "./wires.ts";

export interface AnswerOptions {
  readonly wire: Wire;
  /** Throws RefusedError for a step that is not to be made. */
  readonly judge: (calls: readonly ToolCall[]) => void;
  /** Takes out what only the proxy asked for; undefined where that is nothing. */
  readonly strip?: Strip | undefined;
  /** Each frame's content, or the whole answer's, as it comes. */
  readonly observe?: ((value: Json) => void) | undefined;
}

/** A whole answer: looked at before any of it goes on. Throws RefusedError. */
export async function wholeAnswer(chunks: AsyncIterable<Buffer>, options: AnswerOptions): Promise<Buffer> {
  const bytes = await collect(chunks);
  const value = readAnswer(bytes, PROXY_LIMITS.answerBytes);
  options.observe?.(value);
  const step = new Step(options.wire);
  step.take(value);
  options.judge(step.calls);
  return options.strip === undefined ? bytes : Buffer.from(options.strip(value, bytes.toString("utf8")), "utf8");
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > PROXY_LIMITS.answerBytes)
      throw new RefusedError("answer_too_large", "The answer is longer than can be looked at.");
    held.push(chunk);
  }
  return Buffer.concat(held);
}

/**
 * An answer that comes in frames. Text goes on at once; from the first tool call on everything is held back, until the step is
 * complete and judged. Throws RefusedError.
 */
export async function* streamedAnswer(
  chunks: AsyncIterable<Buffer>,
  framing: Framing,
  options: AnswerOptions,
): AsyncGenerator<Buffer> {
  const stream = new AnswerStream(framing, options);
  for await (const chunk of chunks) {
    yield* untilRefused(stream.push(chunk));
  }
  yield* untilRefused(stream.end());
}

/** All that may go on in one piece, also what came before a refusal. */
function* untilRefused(parts: Iterable<Buffer>): Generator<Buffer> {
  const passed: Buffer[] = [];
  let refused: unknown;
  try {
    for (const part of parts) passed.push(part);
  } catch (error) {
    refused = error;
  }
  if (passed.length > 0) yield Buffer.concat(passed);
  if (refused !== undefined) throw refused;
}

class AnswerStream {
  readonly #options: AnswerOptions;
  readonly #framing: Framing;
  readonly #reader: FrameReader;
  readonly #step: Step;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(framing: Framing, options: AnswerOptions) {
    this.#options = options;
    this.#framing = framing;
    this.#reader = new FrameReader(framing, PROXY_LIMITS.frameBytes);
    this.#step = new Step(options.wire);
  }

  /** What goes on now. */
  *push(chunk: Buffer): Generator<Buffer> {
    const cut = this.#reader.push(chunk);
    if (!cut.ok)
      throw cut.code === "frame_too_long"
        ? new RefusedError("answer_too_large", "A part of the answer is longer than can be looked at.")
        : malformed(cut.code);
    for (const frame of cut.frames) yield* this.#pass(frame);
  }

  /** What is left when the upstream has ended. A frame that it did not end is ended here: some clients act on it all the same. */
  *end(): Generator<Buffer> {
    if (this.#reader.rest().length > 0) yield* this.push(Buffer.from(END[this.#framing]));
    if (this.#step.calls.length > 0 && !this.#step.isComplete)
      throw new RefusedError("step_incomplete", "The answer ended in the middle of a tool call.");
    yield* this.#release();
  }

  #pass(frame: Frame): Buffer[] {
    const { data } = frame;
    // Some servers end Responses so, too.
    const isEnd = data === "[DONE]" && this.#framing === "events";
    // An event with nothing in it is none (HTML, "dispatch the event").
    const bytes = data === undefined || data === "" || isEnd ? frame.bytes : this.#read(frame.bytes, data);
    if (this.#step.calls.length === 0) return [bytes];
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > PROXY_LIMITS.heldBytes)
      throw new RefusedError("step_too_large", "The model's tool calls are longer than can be held back.");
    const isLast = isEnd || this.#options.wire !== "chat";
    return isLast && this.#step.isComplete ? this.#release() : [];
  }

  #read(bytes: Buffer, data: string): Buffer {
    const { observe, strip } = this.#options;
    const value = readAnswer(data, PROXY_LIMITS.frameBytes);
    observe?.(value);
    this.#step.take(value);
    const stripped = strip?.(value, data) ?? data;
    return stripped === data ? bytes : withData(bytes, data, stripped);
  }

  /** The step as a whole, in its order. What comes behind it is judged together with it once more. */
  #release(): Buffer[] {
    if (this.#held.length === 0) return [];
    this.#options.judge(this.#step.calls);
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }
}

const END: Readonly<Record<Framing, string>> = { events: "\n\n", lines: "\n" };

/** The frame with other data, its other fields as they were. Data that lies over several lines becomes one line. */
function withData(bytes: Buffer, data: string, other: string): Buffer {
  const text = bytes.toString("utf8");
  if (text.includes(data))
    return Buffer.from(
      text.replace(data, () => other),
      "utf8",
    );
  const fields = text.split(/\r\n|\r|\n/).filter((line) => line !== "" && !/^data(?::|$)/.test(line));
  return Buffer.from([...fields, ...other.split("\n").map((line) => `data: ${line}`), "", ""].join("\n"), "utf8");
}

function readAnswer(text: string | Buffer, bytesMax: number): Json {
  try {
    return parseJson(text, { bytesMax, depthMax: PROXY_LIMITS.jsonDepth, loneSurrogates: "allow" });
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    throw malformed(error.code);
  }
}

function malformed(code: string): RefusedError {
  return new RefusedError("answer_malformed", `The answer cannot be read in one way only (${code}).`);
}
