import { randomUUID } from "node:crypto";
import { canonicalise } from "../../base/canonical-json.ts";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import type { Scope } from "../gate/examiner.ts";
import type { Caller } from "../handles/caller.ts";
import { recordedTrace, stepBelow, type TraceStep, traceparentOf } from "../handles/trace.ts";
import { Recorder } from "../history/recorder.ts";
import { oneLine } from "../history/run-story.ts";
import { HASHED_JSON, INLINE_INPUT_BYTES_MAX, TRACE_STEPS_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { Files } from "../workspace/workspace-owner.ts";
import type { BookedCall, CallState } from "./call-book.ts";
import type { CallOutcome, CallResult } from "./call-result.ts";

/** A call, a result from elsewhere or a message, on its way through the loop. */
export interface Call {
  readonly caller: Caller;
  readonly scope: Scope;
  readonly tool: string;
  readonly input: Json;
  /** The input as JSON text. */
  readonly inputText: string;
  /** What it runs, for whoever reads; a model may have chosen it. */
  readonly command: string;
  readonly trace: TraceStep;
  readonly recorder: Recorder;
  /** For one that runs here. */
  readonly files: Files | undefined;
  /** How the book had it when this call came; undefined for one without a name. */
  readonly booked: BookedCall | undefined;
}

/** How it went, with what to hand to the model. */
export type Answer = CallOutcome & Pick<CallResult, "forModel">;

export interface CallStart {
  readonly caller: Caller;
  readonly tool: string;
  readonly input: Json;
  readonly inputText: string;
  readonly command: string;
  readonly template?: string | undefined;
  readonly files?: Files | undefined;
  /** Default: `output`. */
  readonly purpose?: Scope["purpose"];
  /** The name that the caller gave it. */
  readonly callId?: string | undefined;
  /** Default: the conversation's. */
  readonly traceparent?: string | undefined;
}

/** Gives it a run id and records that it was asked for; a call that the book knows is that call again, and recorded already. */
export async function beginCall(parts: LoopParts, start: CallStart): Promise<Call> {
  const { caller, tool, input, inputText, command, callId, files, purpose = "output" } = start;
  const { agent, conversation } = caller;
  const hash = callId === undefined ? "" : sha256Hex(`ztl-call-id-v1\n${canonicalise({ tool, input }, HASHED_JSON)}`);
  const opened =
    callId === undefined
      ? undefined
      : parts.callBook.open({ agent, conversation, callId, runId: randomUUID(), tool, hash });
  const scope = { runId: opened?.call.runId ?? randomUUID(), agent, purpose };
  const call: Call = {
    ...{ caller, scope, tool, input, inputText, command, files },
    trace:
      (opened?.isNew === false && stepOf(parts, scope.runId)) || stepBelow(start.traceparent ?? caller.traceparent),
    recorder: new Recorder(parts.ledger, scope, parts.told),
    booked: opened?.call,
  };
  if (opened === undefined || opened.isNew) await record(parts, call, start);
  return call;
}

/** A call that the book knows, for its next step: its input is where it was recorded. */
export function resumeCall(parts: LoopParts, caller: Caller, booked: BookedCall): Call {
  const scope = { runId: booked.runId, agent: caller.agent, purpose: "output" as const };
  return {
    ...{ caller, scope, tool: booked.tool, input: null, inputText: "null", command: "result from elsewhere" },
    files: undefined,
    trace: stepOf(parts, booked.runId) ?? stepBelow(caller.traceparent),
    recorder: new Recorder(parts.ledger, scope, parts.told),
    booked,
  };
}

/** Whatever comes of a call belongs to the step as which it was recorded. */
function stepOf({ ledger, traceSteps }: LoopParts, runId: string): TraceStep | undefined {
  const known = traceSteps.get(runId);
  if (known !== undefined) return known;
  try {
    const [entry] = ledger.query({ runId, kind: "call", limit: 1 });
    return entry && recordedTrace(entry);
  } catch {
    // A ledger that cannot be read refuses the call's next entry, and says why.
    return undefined;
  }
}

async function record(parts: LoopParts, call: Call, { template, callId }: CallStart): Promise<void> {
  const { caller, tool, input, inputText, command, recorder } = call;
  const { conversation } = caller;
  if (call.booked !== undefined) {
    if (parts.traceSteps.size >= TRACE_STEPS_MAX) parts.traceSteps.clear();
    parts.traceSteps.set(call.scope.runId, call.trace);
  }
  const taint = parts.conversations.taintOf(caller.agent, conversation).names();
  const recordedInput =
    Buffer.byteLength(inputText) <= INLINE_INPUT_BYTES_MAX
      ? { input }
      : { inputContent: await recorder.keep(Buffer.from(inputText, "utf8")) };
  recorder.record({
    kind: "call",
    body: {
      tool,
      ...recordedInput,
      ...defined({ template }),
      taint: [...taint],
      details: {
        conversation,
        command: oneLine(command),
        trace: { ...call.trace },
        ...defined({ callId, job: caller.job }),
      },
    },
  });
}

/** The answer, once everything that led to it is durable. */
export async function finishCall({ scope, tool, trace, recorder }: Call, answer: Answer): Promise<CallResult> {
  const recorded = recorder.settle();
  // While the disk is waited for: whoever takes the text in asks for it next.
  if ("forModel" in answer) setImmediate(() => void answer.forModel.admission.signature);
  await recorded;
  return { ...answer, runId: scope.runId, agent: scope.agent, tool, traceparent: traceparentOf(trace) };
}

/** Moves a call with a name on in the book; true for one without. */
export function moveBooked(
  { callBook }: Pick<LoopParts, "callBook">,
  { booked }: Call,
  from: CallState,
  to: CallState,
  what: { readonly reviewId?: string; readonly answer?: string } = {},
): boolean {
  return booked === undefined || callBook.move(booked, from, to, what);
}
