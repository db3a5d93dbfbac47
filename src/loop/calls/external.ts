import { defined } from "../../base/optional.ts";
import type { Decision } from "../../policy/index.ts";
import type { LoopParts } from "../parts.ts";
import { decisionBody } from "../recording/drafts.ts";
import { AGENT_SAID } from "../records/differential.ts";
import {
  type CallRequest,
  parseRequest,
  type ReceiveRequest,
  type SaidRequest,
  type SendRequest,
  toJsonValue,
} from "../requests.ts";
import { type Answer, beginCall, type Call, finishCall } from "./call.ts";
import type { CallResult } from "./call-result.ts";
import { deliver } from "./delivery.ts";
import { decideCall } from "./permission.ts";

/** What passes the loop without a micro-VM: tools that run elsewhere, messages between agents, what a model said. */

export type PermitResult =
  | { readonly status: "permitted"; readonly runId: string; readonly agent: string; readonly tool: string }
  | Extract<CallResult, { status: "waiting" | "refused" }>;

/** `loop.permit`: the decision alone. Whoever asks runs the tool, and hands what it returns to `receive`. */
export async function permitTool(parts: LoopParts, request: CallRequest): Promise<PermitResult> {
  const { agent, conversation, approval } = parseRequest("call", request);
  const { value: input, text } = toJsonValue(request.input);
  const call = await beginCall(parts, {
    agent,
    conversation,
    tool: request.tool,
    input,
    inputText: text,
    command: text,
  });
  const permission = decideCall(parts, call, text, approval);
  if (!permission.granted) return (await finishCall(call, permission.answer)) as PermitResult;
  await call.recorder.settle();
  return { status: "permitted", ...call.scope, tool: request.tool };
}

/** `loop.receive`: what a tool that ran elsewhere returned, through the guard as if it came from a micro-VM. */
export async function receiveResult(parts: LoopParts, request: ReceiveRequest): Promise<CallResult> {
  const { agent, tool: name, conversation } = parseRequest("receive", request);
  const tool = parts.policy.tool(name);
  const content = typeof request.content === "string" ? Buffer.from(request.content, "utf8") : request.content;
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString("utf8");
  const call = await beginCall(parts, {
    ...noInput,
    agent,
    conversation,
    tool: name,
    command: "result from elsewhere",
  });
  const taint = parts.conversations.taintOf(agent, conversation);
  const decision = parts.policy.decide({ agent, tool: name, taint });
  recordDecision(parts, call, decision);
  // Whether a person had to agree was settled before the tool ran; only who may not use it at all is refused here.
  if (decision.decision === "refuse" || tool === undefined) return finishCall(call, refuse(parts, call, decision));
  const delivered = await deliver(parts, call.recorder, {
    scope: call.scope,
    conversation,
    tool: name,
    command: "result from elsewhere",
    subject: "output",
    text,
    raw: Buffer.from(text, "utf8").equals(content) ? [] : [content],
    labels: [parts.policy.labelOf(name)],
    onFlag: tool.onFlag,
  });
  return finishCall(call, delivered);
}

/** The tool's name under which a message stands in the ledger. No configured tool is called so: a name cannot hold a space. */
const MESSAGE = "message from";

/** `loop.send`: a message to another agent, which is as untrusted to it as a tool's output; the sender's taint goes along. */
export async function sendMessage(parts: LoopParts, request: SendRequest): Promise<CallResult> {
  const { from, to, text, conversation } = parseRequest("send", request);
  const decision = parts.policy.decideMessage({ from, to });
  const call = await beginCall(parts, {
    agent: to,
    conversation,
    tool: `${MESSAGE} ${from}`,
    input: { text },
    inputText: JSON.stringify({ text }),
    command: text,
  });
  // The sender said it, too: what it read may turn up again in it.
  await recordSaid(parts, { agent: from, text, conversation });
  recordDecision(parts, call, decision);
  if (decision.decision !== "run") return finishCall(call, refuse(parts, call, decision));
  const taint = parts.conversations.taintOf(from, conversation);
  const delivered = await deliver(parts, call.recorder, {
    scope: call.scope,
    conversation,
    tool: `${MESSAGE} ${from}`,
    command: text,
    subject: "message",
    text,
    raw: [],
    labels: taint.labels,
    onFlag: "withhold",
  });
  return finishCall(call, delivered);
}

/** `loop.said`: what a model said and plans to call, for the record and the semantic differential. */
export async function recordSaid(parts: LoopParts, request: SaidRequest): Promise<void> {
  const { agent, text, conversation, planned } = parseRequest("said", request);
  const contents = [await parts.ledger.keep(Buffer.from(text, "utf8"))];
  const plan = defined({ planned: planned && toJsonValue(planned).value });
  const body = { text: AGENT_SAID, contents, details: { conversation, ...plan } };
  parts.told(await parts.ledger.append({ kind: "note", agent, body }));
}

const noInput = { input: null, inputText: "null" } as const;

function recordDecision({ policy }: LoopParts, { recorder }: Call, decision: Decision): void {
  recorder.record({ kind: "policy-decision", body: decisionBody(decision, { policyHash: policy.hash }) });
}

function refuse({ examiner }: LoopParts, { scope }: Call, decision: Decision): Answer {
  const sentence = `This was refused by the policy (${decision.rule}): ${decision.reason}`;
  return { status: "refused", decision, forModel: examiner.say(sentence, scope) };
}
