import "../base/node-version.ts";
import { DynamicStructuredTool, type ToolRunnableConfig } from "@langchain/core/tools";
import { interrupt } from "@langchain/langgraph";
import type { Json } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import type { CallRequest, CallResult, Conversation, RunElsewhere } from "../loop/index.ts";

/** What a graph is interrupted with when a call waits for a person in the loop; resume it with anything once that is decided. */
export interface WaitingCall {
  readonly reviewId: string;
  readonly tool: string;
  readonly reason: string;
}

/**
 * An agent's tools for LangGraph, for a `ToolNode` or an agent with a checkpointer. Each call goes through the loop under its tool call
 * id: a node that is run again, as it is when a graph is resumed, makes it once all the same. A call that needs a person interrupts
 * the graph; resumed before anybody decided, the model is told that it still waits.
 *
 *     new ToolNode(guardedTools(conversation))
 *
 * Throws ZtlError `closed`. A tool that runs elsewhere and is not in `elsewhere` is left out.
 */
export function guardedTools(
  conversation: Conversation,
  elsewhere: Readonly<Record<string, RunElsewhere>> = {},
): DynamicStructuredTool[] {
  const usable = conversation
    .tools()
    .filter(({ name, runs }) => runs === "in-micro-vm" || Object.hasOwn(elsewhere, name));
  return usable.map(
    ({ name, description, inputSchema }) =>
      new DynamicStructuredTool({
        name,
        description,
        // A copy: the validator writes into it.
        schema: structuredClone(inputSchema) as object,
        func: async (input: unknown, _manager, config?: ToolRunnableConfig) => {
          const around = defined({ callId: config?.toolCall?.id, signal: config?.signal });
          const request = { tool: name, input: input as Json, ...around };
          return (await useOrWait(conversation, request, elsewhere[name] ?? notHere)).forModel.text;
        },
      }),
  );
}

async function useOrWait(conversation: Conversation, request: CallRequest, run: RunElsewhere): Promise<CallResult> {
  const result = await conversation.use(request, run);
  if (result.status !== "waiting") return result;
  const { reviewId, decision } = result;
  // Throws the first time; resumed, the node begins anew, and comes here only when nobody has decided yet.
  interrupt({ reviewId, tool: request.tool, reason: decision.reason } satisfies WaitingCall);
  return result;
}

function notHere(): never {
  throw new Error("This tool runs in a micro-VM");
}
