import type { Body, Ledger } from "../../ledger/index.ts";
import { firstOf } from "../history/run-story.ts";

/** What a monitor said of one call before it was made, as the ledger has it. */
export type Judgement = Body<"judgement">;

/** What was said last of a run's call. */
export function recordedJudgement(ledger: Ledger, runId: string): Judgement | undefined {
  return firstOf(ledger.query({ runId, kind: "judgement", order: "last", limit: 1 }), "judgement")?.body;
}

/** As the agent is told it: nothing of the evidence, which quotes what others wrote. */
export function sentenceOf({ decision, bits, alarmBits }: Judgement): string {
  const how = `${bits.toFixed(1)} bits; an alarm begins at ${alarmBits.toFixed(1)}`;
  if (decision === "go") return `The monitor finds nothing unusual (${how}).`;
  return decision === "sever"
    ? `The monitor finds this call so unlike what is usual that it opened a breaker (${how}).`
    : `The monitor finds this call unlike what is usual (${how}): a person must agree.`;
}
