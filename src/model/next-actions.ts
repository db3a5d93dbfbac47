import { canonicalise } from "../base/canonical-json.ts";
import { sha256Hex } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import type { ChatModel } from "./chat-model.ts";
import { type ChatMessage, type Completion, MalformedArguments, type ToolDefinition } from "./conversation.ts";
import { ARGUMENTS_JSON, MODEL_LIMITS } from "./limits.ts";

export interface NextActionsRequest {
  readonly model: ChatModel;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly samples: number;
  /** Default 1: the model's own distribution. */
  readonly temperature?: number;
  /** Of the first request; further ones count up from it, as equal seeds would give equal samples. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Hexadecimal digits of the arguments' hash: 64 bits tell some tens of samples apart. */
const HASH_DIGITS = 16;

/**
 * What a model does next and how often, from so many samples: `answer`, or the first tool call as its tool's name,
 * `#` and the hash of its canonical arguments. The weights sum to one. Throws ZtlError `samples-invalid` and what
 * `ChatModel.complete` throws.
 */
export async function nextActions(request: NextActionsRequest): Promise<Readonly<Record<string, number>>> {
  const { model, messages, tools, samples, temperature = 1, seed = 0, signal } = request;
  if (!Number.isInteger(samples) || samples < 1 || samples > MODEL_LIMITS.samples)
    throw new ZtlError("samples-invalid", `Expected between 1 and ${MODEL_LIMITS.samples} samples.`, { samples });
  const known = new Set(tools.map(({ name }) => name));
  const counts = new Map<string, number>();
  // Each round brings at least one sample: servers that know no `n` answer once.
  for (let [taken, round] = [0, 0]; taken < samples; round++) {
    const shared = { messages, tools, temperature, n: samples - taken, seed: seed + round };
    const completions = await model.complete({ ...shared, ...(signal && { signal }) });
    for (const completion of completions.slice(0, samples - taken)) {
      const action = actionOf(completion, known);
      counts.set(action, (counts.get(action) ?? 0) + 1);
      taken++;
    }
  }
  return Object.fromEntries([...counts].map(([action, count]) => [action, count / samples]));
}

/** Names the model made up are not repeated: they are text from outside, and would end in the ledger and on a page. */
function actionOf({ toolCalls: [call] }: Completion, known: ReadonlySet<string>): string {
  if (call === undefined) return "answer";
  const name = known.has(call.name) ? call.name : "unknown-tool";
  if (call.arguments instanceof MalformedArguments) return `${name}#malformed`;
  return `${name}#${sha256Hex(canonicalise(call.arguments, ARGUMENTS_JSON)).slice(0, HASH_DIGITS)}`;
}
