import { RobustBaseline } from "../../entropy/index.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import type { RunIndex } from "../history/run-index.ts";
import { detail, type EntryOf, firstOf } from "../history/run-story.ts";
import { JUDGED_CALLS_SHOWN_MAX, JUDGEMENTS_BAND_MAX } from "../limits.ts";
import type { Judgement } from "./judgement.ts";

/** What the monitor of actions said of each outward call of one conversation, in its order. */
export interface ActionTrace {
  readonly agent: string;
  readonly conversation: string;
  readonly calls: readonly JudgedCall[];
  /** Bits between which the agent's other calls are, as far as they were no alarms; absent where too few were judged. */
  readonly band?: { readonly low: number; readonly high: number; readonly calls: number };
}

export interface JudgedCall extends Judgement {
  readonly runId: string;
  readonly time: string;
  /** What became of it: what was decided last, or that it was stopped. */
  readonly outcome: "run" | "ask" | "refuse" | "none";
}

/** Of a normal distribution all but 27 in 10,000 values. */
export const BAND_DEVIATIONS = 3;

/** Of the conversation that a run belongs to; undefined when there is no such run. */
export async function actionTrace(
  { ledger, runIndex }: { readonly ledger: Ledger; readonly runIndex: RunIndex },
  runId: string,
): Promise<ActionTrace | undefined> {
  const call = firstOf(ledger.query({ runId, kind: "call", limit: 1 }), "call");
  const conversation = detail(call, "conversation");
  if (call?.agent === undefined || conversation === undefined) return undefined;
  const { agent } = call;
  const steps = await runIndex.stepsOf({ agent, conversation }, { limit: JUDGED_CALLS_SHOWN_MAX, order: "last" });
  const calls = steps.toReversed().flatMap((entry) => (entry.kind === "judgement" ? judgedCall(ledger, entry) : []));
  const others = ledger
    .query({ agent, kind: "judgement", order: "last", limit: JUDGEMENTS_BAND_MAX })
    .filter((entry) => detail(entry, "conversation") !== conversation);
  const band = bandOf(others);
  return { agent, conversation, calls, ...(band && { band }) };
}

function judgedCall(ledger: Ledger, { runId, time, body }: EntryOf<"judgement">): JudgedCall[] {
  if (runId === undefined) return [];
  const decided = ledger.query({ runId, kind: "policy-decision", order: "last", limit: 1 });
  return [{ ...body, runId, time, outcome: firstOf(decided, "policy-decision")?.body.decision ?? "none" }];
}

function bandOf(entries: readonly Entry[]): ActionTrace["band"] {
  const bits = entries.flatMap((entry) =>
    entry.kind === "judgement" && entry.body.decision === "go" ? [entry.body.bits] : [],
  );
  try {
    const { centre, deviation } = RobustBaseline.of(bits).stored;
    return {
      low: centre - BAND_DEVIATIONS * deviation,
      high: centre + BAND_DEVIATIONS * deviation,
      calls: bits.length,
    };
  } catch {
    // Too few of them, or all alike: nothing to draw.
    return undefined;
  }
}
