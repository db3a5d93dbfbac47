import type { Json } from "../../base/json.ts";
import { ZtlError } from "../../errors.ts";
import { KEPT_ANSWER_BYTES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { parseAnswer } from "../state/stored.ts";
import { type Answer, type Call, finishCall, moveBooked } from "./call.ts";
import type { CallResult } from "./call-result.ts";
import { failed } from "./failure.ts";

/** An answer without anything being done, or what is to be done for one. */
type Next = Answer | (() => Promise<Answer>);

/**
 * The answer to a call. With a name it is made once: whoever asks again gets the same answer, or is told that the first is not there
 * yet. Whatever goes wrong after it was begun is an answer, too; only what keeps it from being recorded is thrown.
 */
export async function answerOnce(parts: LoopParts, call: Call, decide: () => Promise<Next>): Promise<CallResult> {
  const key = JSON.stringify([call.scope.agent, call.caller.conversation, call.booked?.callId]);
  const underWay = call.booked === undefined ? undefined : parts.underWay.get(key);
  if (underWay !== undefined) return underWay;
  const answer = answerNow(parts, call, decide);
  if (call.booked === undefined) return answer;
  parts.underWay.set(key, answer);
  try {
    return await answer;
  } finally {
    parts.underWay.delete(key);
  }
}

async function answerNow(parts: LoopParts, call: Call, decide: () => Promise<Next>): Promise<CallResult> {
  const { booked } = call;
  if (booked?.state === "done" && booked.answer !== undefined) return keptAnswer(parts, call, booked.answer);
  if (booked?.state === "running") return finishCall(call, failed(parts, call, UNFINISHED));
  const next = await attempt(parts, call, decide);
  if (typeof next !== "function") return finishCall(call, next);
  if (!moveBooked(parts, call, "permitted", "running")) return finishCall(call, failed(parts, call, UNFINISHED));
  const answer = (await attempt(parts, call, next)) as Answer;
  parts.breaker.left(call.scope.runId, answer.status === "ok" || answer.status === "failed");
  const result = await finishCall(call, answer);
  moveBooked(parts, call, "running", "done", { answer: kept(result) });
  return result;
}

async function attempt<T extends Next>(parts: LoopParts, call: Call, work: () => Promise<T>): Promise<T | Answer> {
  try {
    return await work();
  } catch (error) {
    return failed(parts, call, error);
  }
}

const UNFINISHED = new ZtlError("call-unfinished", "This call was begun, and its end is not known here.", {
  remedy: "Look at its run; to make it once more, give it another callId.",
});

function keptAnswer(parts: LoopParts, call: Call, answer: string): CallResult | Promise<CallResult> {
  try {
    return parseAnswer(answer);
  } catch (error) {
    return finishCall(call, failed(parts, call, error));
  }
}

function kept(result: CallResult): string {
  const text = JSON.stringify(result);
  if (Buffer.byteLength(text) <= KEPT_ANSWER_BYTES_MAX || !("output" in result)) return text;
  // The same text as a model got it: the whole is in the ledger.
  return JSON.stringify({ ...result, output: result.forModel } as unknown as Json);
}
