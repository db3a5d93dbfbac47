import { canonicalise } from "../../base/canonical-json.ts";
import { isJsonObject } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { Entry, PlannedCall } from "../../ledger/index.ts";
import { type ChatMessage, ChatModel, type Completion, MalformedArguments } from "../../model/index.ts";
import { HASHED_JSON, STEPS_ASKED_MAX } from "../limits.ts";
import { recordedText } from "../origins/recorded-text.ts";
import type { LoopParts } from "../parts.ts";
import { contextOf } from "./differential.ts";
import { conversationTools } from "./probe.ts";
import { RecordedContents } from "./recorded-contents.ts";
import { allOf } from "./run-story.ts";

/** What a model does next: a call of a tool, or an answer without one. */
export type ModelAction = PlannedCall | { readonly answer: string };

/** One step of the agent, asked of the model with and without what a run returned. */
export interface StepAsked {
  /** The run that the agent made there. */
  readonly runId: string;
  readonly recorded: PlannedCall;
  readonly having: ModelAction;
  readonly without: ModelAction;
}

/** `step` is the first one at which the model acts otherwise. */
type Comparison =
  | { readonly status: "differs"; readonly asked: number; readonly step: StepAsked }
  | { readonly status: "same"; readonly asked: number }
  /** The agent was given nothing of it, so there is nothing to leave out. */
  | { readonly status: "nothing-given" }
  /** The agent called nothing afterwards, or not what was named. */
  | { readonly status: "no-step" }
  | { readonly status: "not-found" };

/** With the entries of which something cannot be read any more: it was left out on both sides. */
export type Counterfactual = Comparison & { readonly unread?: readonly number[] };

export interface WithoutOptions {
  /** Only the step at which this call was made. Default: each call after the run, until one differs. */
  readonly call?: string;
  readonly signal?: AbortSignal;
}

/**
 * Asks the configuration's probe model again with what a run returned left out. The same question is put with it in, so that what
 * differs is the run's doing and not the model's. Undefined when no model is configured. Throws ZtlError `model-…`.
 */
export async function actsWithout(
  { policy, ledger, runIndex }: LoopParts,
  entries: readonly Entry[],
  options: WithoutOptions,
): Promise<Counterfactual | undefined> {
  const contents = new RecordedContents(ledger);
  const found = await compare({ policy, runIndex, contents }, entries, options);
  return found === undefined || contents.unread.length === 0 ? found : { ...found, unread: contents.unread };
}

async function compare(
  { policy, runIndex, contents }: Pick<LoopParts, "policy" | "runIndex"> & { readonly contents: RecordedContents },
  entries: readonly Entry[],
  { call, signal }: WithoutOptions,
): Promise<Comparison | undefined> {
  const { probe } = policy.config;
  if (probe === undefined) return undefined;
  if (entries.length === 0) return { status: "not-found" };
  const { url, model: name, timeoutMs } = probe;
  const model = new ChatModel({ url, model: name, ...defined({ timeoutMs }) });
  const { payload, earlier, later } = await contextOf(runIndex, contents, entries);
  if (payload.length === 0) return { status: "nothing-given" };
  const given = allOf(entries, "given");
  const [own] = entries.filter((entry) => entry.kind === "call");
  const steps = allOf(later, "call").filter(({ runId }) => call === undefined || runId === call);
  if (steps.length === 0) return { status: "no-step" };
  const tools = conversationTools(policy, entries);
  const ask = async (messages: readonly ChatMessage[]): Promise<ModelAction> => {
    const asked = { messages: [...messages, { role: "user", content: "Go on." } as const], tools, n: 1 };
    const [completion] = await model.complete({ ...asked, temperature: 0, seed: 0, ...defined({ signal }) });
    return actionOf(completion);
  };
  let asked = 0;
  for (const step of steps.slice(0, STEPS_ASKED_MAX)) {
    const between = later.filter(({ index }) => index < step.index);
    const before = [...earlier, ...(own === undefined ? [] : [own])];
    const having = await ask(await messagesOf(contents, [...before, ...given, ...between]));
    const without = await ask(await messagesOf(contents, [...before, ...between]));
    asked++;
    if (keyOf(having) !== keyOf(without)) {
      const recorded = { tool: step.body.tool, arguments: (await contents.input(step)) ?? null };
      return { status: "differs", asked, step: { runId: step.runId ?? "", recorded, having, without } };
    }
  }
  return { status: "same", asked };
}

const TASK = "You are an agent that works with tools. What follows is your work so far. Do the next step.";

/** What the agent had before it, with who said what. */
async function messagesOf(contents: RecordedContents, entries: readonly Entry[]): Promise<ChatMessage[]> {
  const messages: ChatMessage[] = [{ role: "system", content: TASK }];
  for (const entry of entries) {
    const text = await recordedText(contents, entry);
    if (text === undefined) continue;
    const said = text.leaves.map((leaf) => leaf.text).join("\n");
    if (entry.kind === "call")
      messages.push({
        role: "assistant",
        content: `I call ${entry.body.tool} with ${JSON.stringify((await contents.input(entry)) ?? null)}`,
      });
    else messages.push({ role: entry.kind === "said" ? "assistant" : "user", content: said });
  }
  return messages;
}

function actionOf(completion: Completion | undefined): ModelAction {
  const [call] = completion?.toolCalls ?? [];
  if (call === undefined) return { answer: completion?.text ?? "" };
  const { name, arguments: given } = call;
  return { tool: name, arguments: given instanceof MalformedArguments ? { malformed: given.malformed } : given };
}

/** Two answers are one action: a model words hardly anything twice in the same way. */
function keyOf(action: ModelAction): string {
  if ("answer" in action) return "answer";
  try {
    return canonicalise([action.tool, action.arguments], HASHED_JSON);
  } catch (error) {
    if (ZtlError.isInstance(error)) return `${action.tool} ${isJsonObject(action.arguments) ? "unwritable" : ""}`;
    throw error;
  }
}
