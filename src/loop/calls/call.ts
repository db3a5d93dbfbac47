import { randomUUID } from "node:crypto";
import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import type { AdmittedText } from "../../memory/index.ts";
import type { Scope } from "../gate/examiner.ts";
import { INLINE_INPUT_BYTES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { Recorder } from "../recording/recorder.ts";
import { oneLine } from "../records/run-story.ts";
import type { CallOutcome, CallResult } from "./call-result.ts";

/** A call, a result from elsewhere or a message, on its way through the loop. */
export interface Call {
  readonly scope: Scope;
  readonly conversation: string;
  readonly tool: string;
  readonly input: Json;
  /** The input as JSON text. */
  readonly inputText: string;
  readonly recorder: Recorder;
}

/** How it went, with what to hand to the model. */
export type Answer = CallOutcome & { readonly forModel: AdmittedText };

export interface CallStart {
  readonly agent: string;
  readonly conversation: string;
  readonly tool: string;
  readonly input: Json;
  readonly inputText: string;
  /** For lists; a model may have chosen it. */
  readonly command: string;
  readonly template?: string | undefined;
}

/** Gives it a name and records that it was asked for. */
export async function beginCall(parts: LoopParts, start: CallStart): Promise<Call> {
  const { agent, conversation, tool, input, inputText, command, template } = start;
  const scope = { runId: randomUUID(), agent };
  const recorder = new Recorder(parts.ledger, scope, parts.told);
  const taint = parts.conversations.taintOf(agent, conversation).names();
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
      details: { conversation, command: oneLine(command) },
    },
  });
  return { scope, conversation, tool, input, inputText, recorder };
}

/** The answer, once everything that led to it is durable. */
export async function finishCall({ scope, tool, recorder }: Call, answer: Answer): Promise<CallResult> {
  await recorder.settle();
  return { ...answer, ...scope, tool };
}
