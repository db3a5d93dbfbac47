import type { Json } from "../base/json.ts";

/** What is said to a model and what it answers, in our words; `wire.ts` knows how it is written. */
export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: "tool"; readonly content: string; readonly toolCallId: string };

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON schema of the arguments object. */
  readonly parameters: { readonly [key: string]: Json };
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Json | MalformedArguments;
}

/** Arguments that are no JSON, or nested too deeply. A class, so that no JSON a model writes can pass for one. */
export class MalformedArguments {
  /** As the model wrote them. */
  readonly malformed: string;

  constructor(malformed: string) {
    this.malformed = malformed;
  }
}

export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other";

/** One answer. */
export interface Completion {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
}

/** One request. Servers may give fewer answers than `n`; Ollama always gives one. */
export interface CompletionRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ToolDefinition[];
  readonly n?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
}
