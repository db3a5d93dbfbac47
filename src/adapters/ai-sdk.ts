import "../base/node-version.ts";
import { dynamicTool, type JSONSchema7, jsonSchema, type ToolApprovalStatus, type ToolSet } from "ai";
import type { Json } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import type { Conversation, RunElsewhere } from "../loop/index.ts";

/** How each tool that runs elsewhere is run, by its name in the configuration. */
export type Elsewhere = Readonly<Record<string, RunElsewhere>>;

/**
 * An agent's tools for the AI SDK. Each call goes through the loop under the SDK's own tool call id, so that it is made once however often
 * the SDK comes back to it; the model gets what the loop says it may. Give `toolApproval` along with it:
 *
 *     generateText({ model, tools: guardedTools(conversation), toolApproval: toolApproval(conversation), messages })
 *
 * Throws ZtlError `closed`. A tool that runs elsewhere and is not in `elsewhere` is left out.
 */
export function guardedTools(conversation: Conversation, elsewhere: Elsewhere = {}): ToolSet {
  const usable = conversation
    .tools()
    .filter(({ name, runs }) => runs === "in-micro-vm" || Object.hasOwn(elsewhere, name));
  const tools = usable.map(({ name, description, inputSchema }) => [
    name,
    dynamicTool({
      description,
      inputSchema: jsonSchema(structuredClone(inputSchema) as JSONSchema7),
      execute: async (input, { toolCallId, abortSignal }) => {
        const request = { tool: name, input: input as Json, callId: toolCallId };
        const run = elsewhere[name] ?? notHere;
        return (await conversation.use({ ...request, ...defined({ signal: abortSignal }) }, run)).forModel.text;
      },
    }),
  ]);
  return Object.fromEntries(tools) as ToolSet;
}

/**
 * What the SDK asks before each call, and asks again when a run is resumed. A call that needs a person has its review in the loop, named in the
 * reason; the SDK's own yes does not stand in for it: as long as nobody has agreed there, the tool is not run, and its result says so.
 */
export function toolApproval(
  conversation: Conversation,
): (options: {
  readonly toolCall: ToolCallToApprove;
  readonly messages: readonly unknown[];
}) => Promise<ToolApprovalStatus> {
  return async ({ toolCall }) => {
    const { toolName, toolCallId, input } = toolCall;
    const permit = await conversation.permit({ tool: toolName, input: input as Json, callId: toolCallId });
    if (permit.status === "permitted") return "approved";
    // The model reads the reason of a denial, which may hold a person's words: the guard has passed this text.
    if (permit.status === "refused") return { type: "denied", reason: permit.forModel.text };
    return { type: "user-approval", reason: `${permit.decision.reason} (review ${permit.reviewId})` };
  };
}

interface ToolCallToApprove {
  readonly toolName: string;
  readonly toolCallId: string;
  readonly input: unknown;
}

function notHere(): never {
  throw new Error("This tool runs in a micro-VM");
}
