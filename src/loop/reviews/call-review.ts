import type { Decision } from "../../policy/index.ts";
import type { Call } from "../calls/call.ts";
import type { LoopParts } from "../parts.ts";
import { bounded } from "../records/run-story.ts";
import type { NewReview, StoredReview } from "./review-store.ts";

/** What is shown of a call that needs a person's agreement. */
export interface CallDetails {
  readonly input: string;
  readonly decision: Decision;
}

export function callReview(
  { now, expireAfterMs }: Pick<LoopParts, "now" | "expireAfterMs">,
  { scope, tool, inputText }: Call,
  command: string,
  decision: Decision,
  hash: string,
): NewReview {
  const details: CallDetails = { input: inputText, decision };
  return {
    ...scope,
    kind: "call",
    tool,
    command: bounded(command),
    expiresAt: now() + expireAfterMs,
    hash,
    title: `wants to call ${tool}: ${decision.reason}`,
    details: JSON.stringify(details),
  };
}

/** Written by this package into a database that only its user can write. */
export function callDetails(review: StoredReview): CallDetails {
  return JSON.parse(review.details) as CallDetails;
}
