import type { Content } from "../../ledger/index.ts";
import type { Label } from "../../policy/index.ts";
import type { FindingSummary } from "../calls/call-result.ts";
import type { Parcel } from "../calls/parcel.ts";
import type { LoopParts } from "../parts.ts";
import { bounded } from "../records/run-story.ts";
import type { NewReview, StoredReview } from "./review-store.ts";

/** What must be known of a quarantined content to show it, and to let it go on its way when a person releases it. */
export interface ContentDetails {
  readonly content: Content;
  readonly conversation: string;
  readonly labels: readonly Label[];
  readonly subject: string;
}

/** The review of a flagged content. Its hash is the content's: exactly these bytes are released or not. */
export function contentReview(
  { scope, conversation, tool, command, labels, subject }: Parcel,
  content: Content,
  { now, expireAfterMs }: Pick<LoopParts, "now" | "expireAfterMs">,
  findings: readonly FindingSummary[],
): NewReview {
  const details: ContentDetails = { content, conversation, labels, subject };
  const rules = [...new Set(findings.map(({ rule }) => rule))];
  return {
    ...scope,
    kind: "content",
    tool,
    command: bounded(command),
    expiresAt: now() + expireAfterMs,
    hash: content.sha256,
    title: `withheld ${subject}: ${rules.slice(0, 3).join(", ")}${rules.length > 3 ? ", …" : ""}`,
    details: JSON.stringify(details),
  };
}

/** Written by this package into a database that only its user can write. */
export function contentDetails(review: StoredReview): ContentDetails {
  return JSON.parse(review.details) as ContentDetails;
}
