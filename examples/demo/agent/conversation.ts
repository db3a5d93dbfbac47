import { ZtlError } from "../../../src/errors.ts";
import { type ChatMessage, type ChatModel, MalformedArguments, type ToolCall } from "../../../src/model/index.ts";
import { CALLS_PER_TURN_MAX, TURNS_MAX } from "../limits.ts";
import { SYSTEM_PROMPT, TOOL_DEFINITIONS } from "../task.ts";
import type { Hands } from "./hands.ts";
import type { Input, Step } from "./outcome.ts";

export interface ConversationOptions {
  readonly model: ChatModel;
  readonly hands: Hands;
  readonly request: string;
  readonly onStep?: (step: Step) => void;
  readonly signal?: AbortSignal;
}

export interface Transcript {
  readonly steps: readonly Step[];
  readonly lastWords: string;
}

/**
 * The loop of an ordinary agent: ask the model, make the calls it wants, tell it what came of them, until it wants none.
 * Throws ZtlError `model-…`, and the signal's reason.
 */
export async function converse({ model, hands, request, onStep, signal }: ConversationOptions): Promise<Transcript> {
  const messages: ChatMessage[] = [
    { role: "system", content: SYSTEM_PROMPT },
    { role: "user", content: request },
  ];
  const steps: Step[] = [];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    signal?.throwIfAborted();
    const asked = { messages, tools: TOOL_DEFINITIONS, temperature: 0, ...(signal && { signal }) };
    const [answer] = await model.complete(asked);
    // `complete` gives at least one answer, or throws.
    const text = (answer?.text ?? "").toWellFormed();
    const calls = (answer?.toolCalls ?? []).slice(0, CALLS_PER_TURN_MAX);
    await hands.said(
      text,
      calls.map((call) => ({ tool: call.name.toWellFormed(), input: inputOf(call) ?? {} })),
    );
    if (calls.length === 0) return { steps, lastWords: text };
    messages.push({ role: "assistant", content: text, toolCalls: calls });
    for (const call of calls) {
      signal?.throwIfAborted();
      const step = await carryOut(hands, call);
      steps.push(step);
      onStep?.(step);
      messages.push({ role: "tool", content: step.told, toolCallId: call.id });
    }
  }
  return { steps, lastWords: `(The model was stopped after ${TURNS_MAX} turns.)` };
}

async function carryOut(hands: Hands, call: ToolCall): Promise<Step> {
  const input = inputOf(call);
  const unusable = (told: string): Step => ({
    tool: call.name,
    input: input ?? {},
    outcome: { kind: "unusable" },
    told,
  });
  if (input === undefined) return unusable("The arguments must be a JSON object with texts as its members.");
  try {
    return await hands.carryOut(call.name, input);
  } catch (error) {
    // A real model may write anything; what the loop does not take as a call is for the model to put right.
    if (ZtlError.isInstance(error) && error.code === "invalid-input") return unusable(error.message);
    throw error;
  }
}

function inputOf({ arguments: given }: ToolCall): Input | undefined {
  if (typeof given !== "object" || given === null || given instanceof MalformedArguments || Array.isArray(given)) {
    return undefined;
  }
  const isInput = Object.values(given).every((value) => typeof value === "string" && value.isWellFormed());
  return isInput ? (given as Input) : undefined;
}
