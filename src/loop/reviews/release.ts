import { releaseOf } from "../../guard/index.ts";
import type { AdmittedText } from "../../memory/index.ts";
import type { Caller } from "../handles/caller.ts";
import { admissionBody } from "../history/drafts.ts";
import { Recorder } from "../history/recorder.ts";
import type { LoopParts } from "../parts.ts";
import { labelsJson } from "../state/taking-in.ts";
import { contentDetails } from "./content-review.ts";

/**
 * Hands a released content to its agent, with an admission that names who released it. It may be collected as long as the
 * review has not run out: a person vouched for this very content. What today's rules block stays out, unless it was blocked then too and a person
 * named what for.
 */
export async function collectReleased(
  parts: LoopParts,
  caller: Caller,
  reviewId: string,
): Promise<AdmittedText | undefined> {
  const review = parts.reviewStore.get(reviewId);
  if (review?.kind !== "content" || review.state !== "approved" || review.decidedBy === undefined) return undefined;
  const { content, conversation, labels, subject, verdict: then } = contentDetails(review);
  if (review.agent !== caller.agent || conversation !== caller.conversation) return undefined;
  const text = Buffer.from(await parts.ledger.content(content)).toString("utf8");
  const scope = {
    runId: review.runId,
    agent: review.agent,
    purpose: subject === "message" ? "message" : "output",
  } as const;
  const verdict = parts.examiner.scan(text);
  // A second yes was given only to what was blocked when the review was made.
  if (verdict.decision === "block" && (then?.decision !== "block" || releaseOf(verdict) === "never")) return undefined;
  // What rules alone would admit was flagged by the second scanner; it is a release all the same.
  const taint = parts.conversations.taintOf(review.agent, conversation).join(...labels);
  const how = { ...scope, reviewer: review.decidedBy, labels: taint.labels };
  const released = parts.examiner.release(
    text,
    { ...verdict, decision: verdict.decision === "block" ? "block" : "flag" },
    how,
  );
  if (released === undefined) return undefined;
  parts.conversations.add(review.agent, conversation, labels);
  const recorder = new Recorder(parts.ledger, scope, parts.told);
  recorder.record({ kind: "admission", body: admissionBody(released.admission, "memory") });
  recorder.record({
    kind: "given",
    body: {
      contents: [content],
      details: { conversation, labels: labelsJson(labels), releasedBy: review.decidedBy },
    },
  });
  await recorder.settle();
  return released;
}
