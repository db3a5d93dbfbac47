import { defined } from "../../base/optional.ts";
import { type ActionShift, compareActions, type Entry } from "../../ledger/index.ts";
import { type ChatMessage, ChatModel, nextActions, type ToolDefinition } from "../../model/index.ts";
import { type Policy, Taint } from "../../policy/index.ts";
import type { LoopParts } from "../parts.ts";
import { contextOf } from "./differential.ts";
import { RecordedContents } from "./recorded-contents.ts";

/** Enough to tell a third from none, and a minute's work for a small local model. */
const SAMPLES = 12;

/** With the entries of which something cannot be read any more: it was left out. */
export type ProbedShift = ActionShift & { readonly unread?: readonly number[] };

/**
 * How a model's next action moves when a run's output is added to what its agent had said and been given before: the
 * configuration's probe model is asked both ways. Undefined when none is configured. Throws ZtlError `model-…`.
 */
export async function probeRun(
  { policy, ledger, runIndex }: LoopParts,
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<ProbedShift | undefined> {
  const { probe } = policy.config;
  if (probe === undefined) return undefined;
  const { url, model: name, timeoutMs } = probe;
  const model = new ChatModel({ url, model: name, ...defined({ timeoutMs }) });
  const contents = new RecordedContents(ledger);
  const { known, payload } = await contextOf(runIndex, contents, entries);
  const asked = {
    model,
    tools: conversationTools(policy, entries),
    samples: SAMPLES,
    ...defined({ signal }),
  };
  const without = await nextActions({ ...asked, messages: conversation(known) });
  const having = await nextActions({
    ...asked,
    messages: conversation([...known, ...payload.map(({ text }) => text)]),
  });
  const { unread } = contents;
  return { ...compareActions(without, having), ...(unread.length > 0 && { unread }) };
}

const TASK =
  "You are an agent that works with tools. What follows is what you said and what your tools returned. Do the next step.";

function conversation(texts: readonly string[]): ChatMessage[] {
  const messages = texts.map((content) => ({ role: "user", content }) as const);
  return [{ role: "system", content: TASK }, ...messages, { role: "user", content: "Go on." }];
}

/** The tools of the run's agent, by name: their inputs are open. */
export function conversationTools(policy: Policy, entries: readonly Entry[]): ToolDefinition[] {
  const agent = entries.find((entry) => entry.kind === "call")?.agent ?? "";
  const names = Object.keys(policy.config.tools).filter(
    (tool) => policy.decide({ agent, tool, taint: Taint.none }).decision !== "refuse",
  );
  return names.map((name) => {
    const description = policy.tool(name)?.description;
    return { name, parameters: { type: "object" }, ...defined({ description }) };
  });
}
