import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import {
  alternativesOf,
  listOf,
  logOfProbability,
  logprobOf,
  malformed,
  objectOf,
  signalOf,
  textOf,
  tokensOf,
} from "./reading.ts";
import type { Alternative, Signal, TokenSignal } from "./token-signal.ts";

/** Reads a parsed answer, or one parsed chunk of a streamed one. */
export type TokenSource = (answer: Json) => Signal;

/**
 * `/v1/chat/completions` of OpenAI, vLLM, llama.cpp and Ollama, asked with `logprobs: true, top_logprobs: N`:
 * `choices[].logprobs.{content,refusal}`, in chunks as in whole answers. Of several choices the first one is followed.
 */
export const openAiChat: TokenSource = (answer) => signalOf(() => chatTokens(firstChoice(answer)?.logprobs));

/**
 * `/v1/responses` of OpenAI, asked with `include: ["message.output_text.logprobs"], top_logprobs: N`: in a whole response
 * `output[].content[].logprobs`, in a stream the events `response.output_text.delta`. Other events repeat what those said.
 */
export const openAiResponses: TokenSource = (answer) =>
  signalOf(() => {
    const response = objectOf(answer, "the answer");
    if (typeof response.type === "string" && response.object === undefined) {
      if (response.type !== "response.output_text.delta") return undefined;
      return tokensOf(listOf(response.logprobs, "logprobs"), "logprobs");
    }
    const items = listOf(response.output, "output") ?? [];
    return items.flatMap((item) => {
      const { type, content } = objectOf(item, "output");
      if (type !== "message") return [];
      return (listOf(content, "output.content") ?? []).flatMap((part) => {
        const { logprobs } = objectOf(part, "output.content");
        return tokensOf(listOf(logprobs, "content.logprobs"), "content.logprobs") ?? [];
      });
    });
  });

/** `/api/chat` and `/api/generate` of Ollama 0.12.11 and newer, asked with `logprobs: true, top_logprobs: N`: `logprobs` of each object. */
export const ollama: TokenSource = (answer) =>
  signalOf(() => tokensOf(listOf(objectOf(answer, "the answer").logprobs, "logprobs"), "logprobs"));

/** vLLM: its chat is OpenAI's; `/v1/completions` has lists beside each other, `logprobs.{tokens,token_logprobs,top_logprobs}`. */
export const vllm: TokenSource = (answer) =>
  signalOf(() => {
    const logprobs = firstChoice(answer)?.logprobs;
    return isJsonObject(logprobs) && logprobs.tokens !== undefined ? completionTokens(logprobs) : chatTokens(logprobs);
  });

/**
 * `/completion` of llama.cpp's server, asked with `n_probs: N`: `completion_probabilities[]` with `logprob` and `top_logprobs`; with
 * `prob` and `top_probs` after sampling; with `content` and `probs` in builds before 2025. Its `/v1` is OpenAI's.
 */
export const llamaCpp: TokenSource = (answer) =>
  signalOf(() => {
    const what = "completion_probabilities";
    return listOf(objectOf(answer, "the answer")[what], what)?.map((one) => llamaToken(objectOf(one, what), what));
  });

export const TOKEN_SOURCES = {
  "openai-chat": openAiChat,
  "openai-responses": openAiResponses,
  ollama,
  vllm,
  "llama-cpp": llamaCpp,
} as const satisfies Readonly<Record<string, TokenSource>>;

function firstChoice(answer: Json): JsonObject | undefined {
  const choices = listOf(objectOf(answer, "the answer").choices, "choices") ?? [];
  // The last chunk of a stream tells what was used, and has none.
  const all = choices.map((choice) => objectOf(choice, "choices"));
  return all.find(({ index = 0 }) => index === 0);
}

function chatTokens(logprobs: Json | undefined): readonly TokenSignal[] | undefined {
  if (logprobs === undefined || logprobs === null) return undefined;
  const { content, refusal } = objectOf(logprobs, "choices.logprobs");
  return [
    ...(tokensOf(listOf(content, "logprobs.content"), "logprobs.content") ?? []),
    ...(tokensOf(listOf(refusal, "logprobs.refusal"), "logprobs.refusal") ?? []),
  ];
}

function completionTokens({ tokens, token_logprobs: logprobs, top_logprobs: tops }: JsonObject): TokenSignal[] {
  const names = listOf(tokens, "logprobs.tokens") ?? [];
  const values = listOf(logprobs, "logprobs.token_logprobs") ?? [];
  const top = listOf(tops, "logprobs.top_logprobs") ?? [];
  if (values.length !== names.length || (top.length !== 0 && top.length !== names.length))
    return malformed("lists of logprobs of one length");
  // Of the first token of a prompt that is given back there is none.
  return names.flatMap((name, index) => {
    const value = values[index];
    if (value === null || value === undefined) return [];
    const logprob = logprobOf(value, "logprobs.token_logprobs");
    return [{ token: textOf(name, "logprobs.tokens"), logprob, top: topByName(top[index]) }];
  });
}

function topByName(value: Json | undefined): readonly Alternative[] {
  if (value === undefined || value === null) return [];
  const pairs = Object.entries(objectOf(value, "logprobs.top_logprobs"));
  const list = pairs.map(([token, logprob]) => ({ token, logprob }));
  return alternativesOf(list, "logprobs.top_logprobs", (one, what) => {
    const { token, logprob } = objectOf(one, what);
    return { token: textOf(token, what), logprob: logprobOf(logprob, what) };
  });
}

function llamaToken(one: JsonObject, what: string): TokenSignal {
  if (one.logprob !== undefined) return (tokensOf([one], what) as TokenSignal[])[0] as TokenSignal;
  if (one.prob !== undefined) {
    const top = alternativesOf(one.top_probs, `${what}.top_probs`, byProbability("token"));
    return { token: textOf(one.token, `${what}.token`), logprob: logOfProbability(one.prob, `${what}.prob`), top };
  }
  const token = textOf(one.content, `${what}.content`);
  const top = alternativesOf(one.probs, `${what}.probs`, byProbability("tok_str"));
  if (top.length === 0) return malformed(`${what} with probabilities`);
  const own = top.find((other) => other.token === token);
  // Not among those that are told: no likelier than all the rest together.
  const rest = Math.max(0, 1 - top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0));
  return { token, logprob: own?.logprob ?? logOfProbability(rest, what), top };
}

function byProbability(name: "token" | "tok_str"): (value: Json, what: string) => Alternative {
  return (value, what) => {
    const one = objectOf(value, what);
    return { token: textOf(one[name], `${what}.${name}`), logprob: logOfProbability(one.prob, `${what}.prob`) };
  };
}
