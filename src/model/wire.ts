import { z } from "zod";
import type { Json } from "../base/json.ts";
import { parseJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import {
  type ChatMessage,
  type Completion,
  type CompletionRequest,
  type FinishReason,
  MalformedArguments,
  type ToolCall,
  type ToolDefinition,
} from "./conversation.ts";
import { ANSWER_JSON, ARGUMENTS_JSON, MODEL_LIMITS } from "./limits.ts";

/**
 * OpenAI's chat completions as servers write them (OpenAI, vLLM, llama.cpp, Ollama). Fields nobody here reads are let
 * be, as each server adds some; those read must be of their type.
 */

const name = z.string().min(1).max(MODEL_LIMITS.nameCharacters);

const callSchema = z.looseObject({
  // llama.cpp leaves it empty, older servers leave it out.
  id: z.string().max(MODEL_LIMITS.nameCharacters).nullish(),
  function: z.looseObject({
    name,
    // A string that holds JSON; some servers send the object itself.
    arguments: z.union([z.string(), z.custom<Json>((value) => typeof value === "object" && value !== null)]).nullish(),
  }),
});

const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(callSchema).max(MODEL_LIMITS.toolCalls).nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1)
    .max(MODEL_LIMITS.completions),
});

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
]);

export function requestBody(model: string, request: CompletionRequest): string {
  const { messages, tools = [], n, temperature, seed, maxTokens } = request;
  return JSON.stringify({
    model,
    stream: false,
    messages: messages.map(messageOnWire),
    // OpenAI refuses an empty list.
    ...(tools.length > 0 && { tools: tools.map(toolOnWire) }),
    n,
    temperature,
    seed,
    max_tokens: maxTokens,
  });
}

function messageOnWire(message: ChatMessage): unknown {
  const { role, content } = message;
  if (role === "tool") return { role, content, tool_call_id: message.toolCallId };
  if (role !== "assistant" || (message.toolCalls ?? []).length === 0) return { role, content };
  return { role, content, tool_calls: message.toolCalls?.map(callOnWire) };
}

function callOnWire({ id, name, arguments: given }: ToolCall): unknown {
  const text = given instanceof MalformedArguments ? given.malformed : JSON.stringify(given);
  return { id, type: "function", function: { name, arguments: text } };
}

function toolOnWire({ name, description, parameters }: ToolDefinition): unknown {
  return { type: "function", function: { name, description, parameters } };
}

/** Throws ZtlError `model-answer-invalid`. */
export function parseAnswer(body: string): Completion[] {
  const answer = answerSchema.safeParse(parsed(() => parseJson(body, { ...ANSWER_JSON, loneSurrogates: "allow" })));
  if (!answer.success) throw invalidAnswer("not a chat completion", z.prettifyError(answer.error));
  return answer.data.choices.map(({ message, finish_reason }) => ({
    text: message.content ?? message.refusal ?? "",
    toolCalls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: given } }, index) => ({
      id: id || `call_${index}`,
      name,
      arguments: parseArguments(given ?? {}),
    })),
    finishReason: FINISH_REASONS.get(finish_reason ?? "") ?? "other",
  }));
}

/** No text at all is what some models write for a tool without parameters. */
function parseArguments(given: Json): Json | MalformedArguments {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  if (text.trim() === "") return {};
  return parsed(() => parseJson(text, ARGUMENTS_JSON)) ?? new MalformedArguments(text);
}

/** A model may cut a character in two in its prose, but what a tool is called with means one thing or is refused. */
function parsed(parse: () => Json): Json | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

export function invalidAnswer(found: string, reason: string): ZtlError {
  return new ZtlError("model-answer-invalid", `Expected the model to answer with a chat completion, found ${found}.`, {
    reason,
  });
}
