import { randomUUID } from "node:crypto";
import type { Json } from "../../base/json.ts";
import { ZtlError } from "../../errors.ts";
import { conclude, type Decision } from "../../policy/index.ts";
import type { Caller } from "../handles/caller.ts";
import { traceparentOf } from "../handles/trace.ts";
import { decisionBody } from "../history/drafts.ts";
import { RESULT_BYTES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { type CallRequest, type PermitRequest, parseRequest, type ReceiveRequest, toJsonValue } from "../requests.ts";
import { answerOnce } from "./answer-once.ts";
import { type Answer, beginCall, type Call, finishCall, resumeCall } from "./call.ts";
import type { CallResult } from "./call-result.ts";
import { deliver, withStatus } from "./delivery.ts";
import { recordSaid } from "./own-words.ts";
import { noticeRefusal, permissionFor, refusal } from "./permission.ts";
import { noteOf, withoutSecrets } from "./secrets.ts";
import { actingIn, severable } from "./severance.ts";

/** What passes the loop without a micro-VM: tools that run elsewhere, and messages between agents. */

export type PermitResult =
  | {
      readonly status: "permitted";
      /** For `receive`, or for `call`: the permit is for it alone. */
      readonly callId: string;
      readonly runId: string;
      readonly agent: string;
      readonly tool: string;
      readonly traceparent: string;
    }
  | (Extract<CallResult, { status: "waiting" | "refused" }> & { readonly callId: string });

/** `conversation.permit`: the decision alone. Whoever asks runs the tool, and hands what it returns to `receive`. */
export async function permitTool(parts: LoopParts, caller: Caller, request: PermitRequest): Promise<PermitResult> {
  const { tool, callId = randomUUID(), approval, traceparent } = parseRequest("permit", request);
  const { value: input, text } = toJsonValue(request.input);
  const call = await beginCall(parts, { caller, tool, input, inputText: text, command: text, callId, traceparent });
  const permission = await permissionFor(parts, call, approval);
  if (!permission.granted) return { ...((await finishCall(call, permission.answer)) as Waiting), callId };
  await call.recorder.settle();
  return {
    status: "permitted",
    callId,
    runId: call.scope.runId,
    agent: caller.agent,
    tool,
    traceparent: traceparentOf(call.trace),
  };
}

type Waiting = Extract<CallResult, { status: "waiting" | "refused" }>;

/** `conversation.receive`: what a permitted tool returned, through the guard as if it came from a micro-VM. */
export async function receiveResult(parts: LoopParts, caller: Caller, request: ReceiveRequest): Promise<CallResult> {
  const { callId } = parseRequest("receive", request);
  const { agent, conversation } = caller;
  const booked = parts.callBook.find({ agent, conversation, callId });
  const content = typeof request.content === "string" ? Buffer.from(request.content, "utf8") : request.content;
  if (booked === undefined) return unasked(parts, caller, callId);
  const tool = parts.policy.tool(booked.tool);
  if (tool?.external === undefined) throw new ZtlError("not-external", "This tool runs in a micro-VM: use call");
  const call = resumeCall(parts, caller, booked);
  return answerOnce(parts, call, async () => {
    if (booked.state === "asked" || booked.state === "waiting") return refusal(parts, call, NO_PERMIT);
    return () => take(parts, call, content);
  });
}

/** How a tool that runs elsewhere is run, once that is permitted; what it throws becomes the call's answer. */
export type RunElsewhere = (
  input: Json,
  options: { readonly signal: AbortSignal | undefined },
) => Promise<string | Uint8Array> | string | Uint8Array;

/** `conversation.use`: asks, has it run, and takes what it returned, as one call. */
export async function useTool(
  parts: LoopParts,
  caller: Caller,
  { fresh: _, signal, ...request }: CallRequest,
  run: RunElsewhere,
): Promise<CallResult> {
  const { tool, callId, approval, traceparent } = parseRequest("permit", request);
  const { value: input, text } = toJsonValue(request.input);
  const call = await beginCall(parts, { caller, tool, input, inputText: text, command: text, callId, traceparent });
  return answerOnce(parts, call, async () => {
    const permission = await permissionFor(parts, call, approval);
    if (!permission.granted) return permission.answer;
    return async () => {
      signal?.throwIfAborted();
      // It is done outside: that it was begun must be known even after a loss of power, or it could be done again.
      await call.recorder.settle();
      using severance = severable(parts, call, signal);
      severance.throwIfSevered();
      const content = await run(input, { signal: severance.signal });
      return take(parts, call, typeof content === "string" ? Buffer.from(content, "utf8") : content);
    };
  });
}

/** What a tool returned, on its way to whoever called it. */
async function take(parts: LoopParts, call: Call, content: Uint8Array): Promise<Answer> {
  const { caller, tool, scope } = call;
  if (content.length > RESULT_BYTES_MAX)
    throw new ZtlError(
      "result-too-large",
      `A result has at most ${RESULT_BYTES_MAX} bytes; this has ${content.length}`,
    );
  const configured = parts.policy.tool(tool);
  const masked = withoutSecrets(parts, call, configured, { name: "result", bytes: content });
  const { bytes } = masked;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  const onFlag = configured?.onFlag ?? "withhold";
  const delivered = await deliver(parts, call.recorder, {
    ...{ scope, caller, tool, command: call.command, subject: "output" },
    framed: { sections: [{ heading: `output of ${tool}`, text }], notes: noteOf([masked]) },
    raw: Buffer.from(text, "utf8").equals(bytes) ? [] : [bytes],
    labels: [parts.policy.labelOf(tool)],
    onFlag,
  });
  return withStatus(delivered, "ok");
}

const NO_PERMIT: Decision = conclude([
  {
    rule: "permit",
    outcome: "refuses",
    why: "The tool was not permitted under this callId, so its result is not taken.",
  },
]);

/** A result that nobody asked for is recorded, and given to nobody. */
async function unasked(parts: LoopParts, caller: Caller, callId: string): Promise<CallResult> {
  const call = await beginCall(parts, { ...NO_INPUT, caller, tool: "unknown", command: `result for ${callId}` });
  recordDecision(parts, call, NO_PERMIT);
  return finishCall(call, refusal(parts, call, NO_PERMIT));
}

/** The tool's name under which a message stands in the ledger. No configured tool is called so: a name cannot hold a space. */
const MESSAGE = "message from";

export interface Message {
  readonly from: Caller;
  readonly to: Caller;
  readonly text: string;
  readonly traceparent?: string | undefined;
}

/** `conversation.send`: a message to another agent, which is as untrusted to it as a tool's output; the sender's taint goes along. */
export async function sendMessage(parts: LoopParts, { from, to, text, traceparent }: Message): Promise<CallResult> {
  const tool = `${MESSAGE} ${from.agent}`;
  const around = { command: text, traceparent: traceparent ?? from.traceparent, purpose: "message" as const };
  const call = await beginCall(parts, {
    caller: to,
    tool,
    input: { text },
    inputText: JSON.stringify({ text }),
    ...around,
  });
  return answerOnce(parts, call, async () => {
    // The sender said it, too: what it read may turn up again in it.
    await recordSaid(parts, from, { text });
    const decision = considerMessage(parts, from, call);
    recordDecision(parts, call, decision);
    if (decision.decision !== "run") {
      noticeRefusal(parts, { caller: from, scope: call.scope, tool }, decision);
      return refusal(parts, call, decision);
    }
    const delivered = await deliver(parts, call.recorder, {
      ...{ scope: call.scope, caller: to, from, tool, command: text, subject: "message" },
      framed: { sections: [{ heading: tool, text }], notes: [] },
      raw: [],
      labels: parts.conversations.taintOf(from.agent, from.conversation).labels,
      onFlag: "withhold",
    });
    parts.breaker.left(call.scope.runId, delivered.status === "admitted");
    return withStatus(delivered, "ok");
  });
}

/** A breaker over the sender stops it: a message would have somebody else do what the sender may not. */
function considerMessage({ policy, breaker }: LoopParts, from: Caller, call: Call): Decision {
  const decision = policy.decideMessage({ from: from.agent, to: call.caller.agent });
  const open = breaker.enter(actingIn({ caller: from, scope: call.scope }), call.tool);
  return open === undefined ? decision : conclude([...decision.considered, open]);
}

const NO_INPUT = { input: null, inputText: "null" } as const;

function recordDecision({ policy }: LoopParts, { recorder }: Call, decision: Decision): void {
  recorder.record({ kind: "policy-decision", body: decisionBody(decision, { policyHash: policy.hash }) });
}
