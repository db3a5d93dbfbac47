import { z } from "zod";
import { requestLoopback } from "../base/loopback-request.ts";
import { ZtlError } from "../errors.ts";
import { type AnswerWithBody, readStart } from "./answer-body.ts";
import type { Completion, CompletionRequest } from "./conversation.ts";
import { MODEL_LIMITS } from "./limits.ts";
import { invalidAnswer, parseAnswer, requestBody } from "./wire.ts";

export interface ChatModelOptions {
  /** Base of the interface, such as `http://127.0.0.1:11434/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** For the whole exchange, until the last byte of the answer. */
  readonly timeoutMs?: number;
  /** What is asked holds the agent's data: another machine gets it only when somebody says so. */
  readonly allowRemote?: boolean;
}

const optionsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url)),
  model: z.string().min(1).max(MODEL_LIMITS.nameCharacters),
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII")
    .optional(),
  timeoutMs: z.number().int().positive().max(0x7fffffff).default(MODEL_LIMITS.timeoutMs),
  allowRemote: z.boolean().default(false),
});

/** A model behind OpenAI's chat interface. Everything it answers is untrusted. */
export class ChatModel {
  readonly model: string;
  readonly #endpoint: URL;
  readonly #apiKey: string | undefined;
  readonly #timeoutMs: number;

  /** Throws ZtlError `model-options-invalid` and, for a host that is not this machine, `model-remote`. */
  constructor(options: ChatModelOptions) {
    const parsed = optionsSchema.safeParse(options);
    if (!parsed.success)
      throw new ZtlError("model-options-invalid", `Expected options of a chat model: ${z.prettifyError(parsed.error)}`);
    const { url, model, apiKey, timeoutMs, allowRemote } = parsed.data;
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
      throw new ZtlError("model-options-invalid", "Expected a base URL without credentials, query and fragment.");
    if (!allowRemote && !isLoopback(url.hostname))
      throw new ZtlError(
        "model-remote",
        "The model is on another machine. Set allowRemote to send the agent's data there.",
        {
          host: url.host,
        },
      );
    this.model = model;
    this.#endpoint = new URL(`${url.href.replace(/\/+$/, "")}/chat/completions`);
    this.#apiKey = apiKey;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * At least one answer. Throws the signal's reason when it is aborted, else ZtlError `model-unreachable`,
   * `model-timeout`, `model-refused` (any status but 200 to 299) or `model-answer-invalid`.
   */
  async complete(request: CompletionRequest): Promise<Completion[]> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    try {
      return await this.#exchange(request, AbortSignal.any([timeout, ...(request.signal ? [request.signal] : [])]));
    } catch (error) {
      if (ZtlError.isInstance(error)) throw error;
      request.signal?.throwIfAborted();
      if (timeout.aborted)
        throw new ZtlError("model-timeout", `Expected the model's whole answer within ${this.#timeoutMs} ms.`);
      throw new ZtlError("model-unreachable", "The exchange with the model failed. Is its server running?", {
        endpoint: this.#endpoint.href,
        reason: reasonOf(error),
      });
    }
  }

  async #exchange(request: CompletionRequest, signal: AbortSignal): Promise<Completion[]> {
    const sent = {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(this.#apiKey !== undefined && { authorization: `Bearer ${this.#apiKey}` }),
      },
      body: requestBody(this.model, request),
      signal,
    } as const;
    // A redirection is seen and refused: following one would carry the conversation to a host that nobody configured.
    const response = isLoopback(this.#endpoint.hostname)
      ? await requestLoopback(this.#endpoint, sent)
      : await fetch(this.#endpoint, { ...sent, redirect: "manual" });
    if (!response.ok) throw await refusal(response);
    const { bytes, isComplete } = await readStart(response, MODEL_LIMITS.answerBytes);
    if (!isComplete) throw invalidAnswer("too much", `more than ${MODEL_LIMITS.answerBytes} bytes`);
    return parseAnswer(new TextDecoder().decode(bytes));
  }
}

async function refusal(response: AnswerWithBody & { readonly status: number }): Promise<ZtlError> {
  const { bytes } = await readStart(response, MODEL_LIMITS.refusalBytes);
  return new ZtlError("model-refused", `The model's server refused the request with HTTP status ${response.status}.`, {
    status: response.status,
    body: new TextDecoder().decode(bytes),
  });
}

/** `localhost` is this machine by RFC 6761, 127.0.0.0/8 and ::1 by RFC 6890. WHATWG URLs write both in one way only. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** `fetch` hides what happened behind "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause);
}
