import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import type { Monitor, Signal, TokenState } from "../entropy/index.ts";
import { type AnswerOptions, streamedAnswer, wholeAnswer } from "./answer.ts";
import type { Framing } from "./frames.ts";
import { endToEnd } from "./headers.ts";
import { PROXY_LIMITS } from "./limits.ts";
import { LogprobAsker, type Strip } from "./logprobs.ts";
import type { Prompt, PromptGuard } from "./prompts.ts";
import { type Refusal, RefusedError } from "./refusal.ts";
import type { StepGuard } from "./step-guard.ts";
import { type TokenReport, TokenWatch } from "./token-watch.ts";
import type { Upstream } from "./upstream.ts";
import { errorBody, errorFrame, isOllama, type Wire } from "./wires.ts";

export interface ExchangeParts {
  readonly upstream: Upstream;
  readonly prompts: PromptGuard;
  readonly steps: StepGuard;
  /** Undefined where no tokens are watched, and no log-probabilities asked for. */
  readonly tokens: TokenParts | undefined;
}

export interface TokenParts {
  readonly asker: LogprobAsker;
  readonly monitor?: (() => Monitor<Signal, TokenState>) | undefined;
  readonly told: (report: TokenReport) => void;
}

/** One request of a client and its answer. */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #wire: Wire | undefined;
  readonly #signal: AbortSignal;
  /** The answer goes on in frames, so that a last one of ours can say why it ends. */
  #isFramed = false;

  /** When the signal is aborted the upstream is, too; a RefusedError as its reason is told to the client. */
  constructor(
    parts: ExchangeParts,
    {
      request,
      response,
      wire,
      signal,
    }: {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
      readonly wire: Wire | undefined;
      readonly signal: AbortSignal;
    },
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#wire = wire;
    this.#signal = signal;
  }

  /** Resolves when all is answered, or nobody is left to be answered. */
  async run(): Promise<void> {
    try {
      this.#signal.throwIfAborted();
      if (this.#wire === undefined) await this.#passThrough();
      else await this.#judge(this.#wire);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #passThrough(): Promise<void> {
    const { rawHeaders, headers } = this.#request;
    const sent = endToEnd(rawHeaders, ["host", "expect"]);
    // A body without a length stays one: else some methods would have none.
    if (headers["transfer-encoding"] !== undefined) sent["transfer-encoding"] = "chunked";
    const answer = await this.#ask(sent, this.#request);
    await this.#forward(answer);
  }

  async #judge(wire: Wire): Promise<void> {
    const { prompts, steps } = this.#parts;
    const prompt = prompts.check(wire, await this.#body());
    const { answer, strip } = await this.#askModel(wire, prompt);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) return this.#forward(answer);
    const encoding = answer.headers["content-encoding"] ?? "identity";
    if (encoding.trim().toLowerCase() !== "identity") {
      answer.destroy();
      throw new RefusedError("answer_encoded", "The model server encoded its answer, though it was asked not to.");
    }
    const tokens = this.#parts.tokens && new TokenWatch(wire, this.#parts.tokens.monitor?.());
    const options: AnswerOptions = {
      wire,
      judge: (calls) => steps.check(calls),
      strip,
      observe: tokens && ((value) => tokens.observe(value)),
    };
    try {
      await this.#deliver(answer, framingOfAnswer(wire, prompt, answer), options);
    } finally {
      if (tokens !== undefined) this.#parts.tokens?.told(tokens.report);
    }
  }

  async #deliver(answer: IncomingMessage, framing: Framing | undefined, options: AnswerOptions): Promise<void> {
    if (framing === undefined) {
      const body = await wholeAnswer(answer, options);
      this.#head(answer, { "content-length": String(body.length) });
      this.#response.end(body);
      return;
    }
    this.#head(answer, {});
    this.#response.flushHeaders();
    this.#isFramed = true;
    await this.#write(streamedAnswer(answer, framing, options));
    this.#response.end();
  }

  /** Log-probabilities are asked for as well; a server that refuses them is asked once more, without. */
  async #askModel(wire: Wire, prompt: Prompt): Promise<{ answer: IncomingMessage; strip: Strip | undefined }> {
    const { tokens } = this.#parts;
    const ask = (bytes: Buffer): Promise<IncomingMessage> => this.#ask(this.#headers(bytes), bytes);
    const more = tokens?.asker.ask(wire, prompt);
    if (more === undefined) return { answer: await ask(prompt.bytes), strip: undefined };
    const answer = await ask(more.bytes);
    if (!LogprobAsker.isRefusal(answer.statusCode)) return { answer, strip: more.strip };
    answer.destroy();
    const plain = await ask(prompt.bytes);
    if (!LogprobAsker.isRefusal(plain.statusCode)) tokens?.asker.refused(wire, prompt);
    return { answer: plain, strip: undefined };
  }

  async #forward(answer: IncomingMessage): Promise<void> {
    this.#head(answer, defined({ "content-length": answer.headers["content-length"] }));
    this.#response.flushHeaders();
    await this.#write(answer);
    this.#response.end();
  }

  #ask(headers: ReturnType<typeof endToEnd>, body: Buffer | IncomingMessage): Promise<IncomingMessage> {
    const { method = "GET", url: target = "/" } = this.#request;
    return this.#parts.upstream.send({ method, target, headers, body, signal: this.#signal });
  }

  #headers(body: Buffer): ReturnType<typeof endToEnd> {
    const kept = endToEnd(this.#request.rawHeaders, ["host", "expect", "content-length", "accept-encoding"]);
    kept["content-length"] = String(body.length);
    kept["accept-encoding"] = "identity";
    return kept;
  }

  async #body(): Promise<Buffer> {
    const { headers } = this.#request;
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding.trim().toLowerCase() !== "identity")
      throw new RefusedError("request_encoded", "A compressed request cannot be looked into: send it as it is.");
    const tooLarge = (): RefusedError =>
      new RefusedError("request_too_large", `A request may have ${PROXY_LIMITS.requestBytes} bytes.`);
    if (Number(headers["content-length"] ?? 0) > PROXY_LIMITS.requestBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > PROXY_LIMITS.requestBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #head(answer: IncomingMessage, own: Readonly<Record<string, string>>): void {
    const headers = endToEnd(answer.rawHeaders, ["content-length"]);
    this.#response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", { ...headers, ...own });
  }

  /** At the pace at which the client reads. */
  async #write(parts: AsyncIterable<Buffer>): Promise<void> {
    for await (const bytes of parts) {
      this.#signal.throwIfAborted();
      if (!this.#response.write(bytes)) await once(this.#response, "drain", { signal: this.#signal });
    }
  }

  #fail(error: unknown): void {
    const { reason } = this.#signal;
    const refused = asRefused(reason instanceof RefusedError ? reason : error, this.#signal);
    if (refused === undefined || this.#response.destroyed) {
      this.#response.destroy();
      return;
    }
    if (!this.#response.headersSent) answerRefusal(this.#request, this.#response, refused.refusal);
    // A whole answer that was cut has no place for a word: its client sees that it is not whole.
    else if (this.#wire === undefined || !this.#isFramed) this.#response.destroy();
    else this.#response.end(errorFrame(this.#wire, refused.refusal));
  }
}

/**
 * The proxy's own answer. What is left of the request is read and forgotten before it ends: a connection that is closed on a client
 * that is writing still takes the answer with it.
 */
export function answerRefusal(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const body = errorBody(/^\/+api\//i.test(request.url ?? ""), refusal);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  response.writeHead(refusal.status, headers).write(body);
  if (request.complete) response.end();
  else request.resume().on("end", () => response.end());
}

/** What a client is told of it; undefined when it has gone itself. Throws what is none of the network's. */
function asRefused(error: unknown, signal: AbortSignal): RefusedError | undefined {
  if (error instanceof RefusedError) return error;
  if (signal.aborted) return undefined;
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code !== undefined && /^(?:E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+)$/.test(code))
    return new RefusedError("upstream_ended", "The model server broke off its answer.", { cause: error });
  throw error;
}

/** Undefined for a whole answer. What a client would read as a stream is read as one. */
function framingOfAnswer(wire: Wire, { value }: Prompt, { headers }: IncomingMessage): Framing | undefined {
  const asked = isJsonObject(value) ? value.stream : undefined;
  if (isOllama(wire)) return asked === false ? undefined : "lines";
  const [type = ""] = (headers["content-type"] ?? "").toLowerCase().split(";");
  if (type.trim() === "text/event-stream") return "events";
  return asked === true && type.trim() !== "application/json" ? "events" : undefined;
}
