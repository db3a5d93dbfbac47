import { blockingFindings, type Finding, type Verdict } from "../../guard/index.ts";
import type { Content } from "../../ledger/index.ts";
import type { Label } from "../../policy/index.ts";
import type { Parcel } from "../call/parcel.ts";
import { summarise } from "../gate/examiner.ts";
import { findingsBeyond, keptFindings } from "../gate/kept-findings.ts";
import { bounded } from "../history/run-story.ts";
import { FINDINGS_RECORDED_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { parseContentDetails } from "../state/stored.ts";
import type { Conflict } from "./review.ts";
import type { NewReview, StoredReview } from "./review-store.ts";

/** What must be known of a quarantined content to show it, and to let it go on its way when a person releases it. */
export interface ContentDetails {
  readonly content: Content;
  readonly conversation: string;
  readonly labels: readonly Label[];
  readonly subject: string;
  /** Why it was withheld. Absent in reviews that an earlier version stored. */
  readonly verdict?: KeptVerdict;
}

/** The verdict that withheld a content, as it is kept: a guard model need not say the same again, and rules change. */
export interface KeptVerdict {
  readonly decision: Verdict["decision"];
  readonly ruleSetHash: string;
  readonly findings: readonly Finding[];
  /** Further ones that are not kept. */
  readonly unlisted: number;
}

/** The review of a flagged content. Its hash is the content's: exactly these bytes are released or not. */
export function contentReview(
  { scope, caller, tool, command, labels, subject }: Parcel,
  content: Content,
  { now, expireAfterMs }: Pick<LoopParts, "now" | "expireAfterMs">,
  verdict: Verdict,
): NewReview {
  const { conversation } = caller;
  const { decision, ruleSetHash } = verdict;
  const kept: KeptVerdict = { decision, ruleSetHash, ...keptFindings(verdict, FINDINGS_RECORDED_MAX) };
  const details: ContentDetails = { content, conversation, labels, subject, verdict: kept };
  const rules = summarise(verdict).map(({ rule }) => rule);
  return {
    ...{ runId: scope.runId, agent: scope.agent },
    kind: "content",
    tool,
    command: bounded(command),
    expiresAt: now() + expireAfterMs,
    hash: content.sha256,
    title: `withheld ${subject}: ${rules.slice(0, 3).join(", ")}${rules.length > 3 ? ", …" : ""}`,
    details: JSON.stringify(details),
  };
}

/** Throws ZtlError `review-damaged`. */
export function contentDetails(review: StoredReview): ContentDetails {
  return parseContentDetails(review.details);
}

/**
 * The same text withheld again while its review waits: one review has what both verdicts found. Undefined where it goes to another
 * conversation or under other labels, which is a question of its own: whoever collects it is tainted by that.
 */
export function joinedContent(waiting: string, again: string): string | undefined {
  const [first, second] = [readable(waiting), parseContentDetails(again)];
  if (first === undefined) return undefined;
  const goes = ({ conversation, labels }: ContentDetails): string => JSON.stringify([conversation, labels]);
  if (goes(first) !== goes(second)) return undefined;
  if (first.verdict === undefined || second.verdict === undefined) return JSON.stringify({ ...first, ...second });
  const beyond = findingsBeyond(second.verdict.findings, first.verdict.findings);
  const room = 2 * FINDINGS_RECORDED_MAX - first.verdict.findings.length;
  const findings = [...first.verdict.findings, ...beyond.slice(0, Math.max(0, room))];
  const unlisted = Math.max(first.verdict.unlisted, second.verdict.unlisted, beyond.length - room);
  return JSON.stringify({ ...first, verdict: { ...first.verdict, findings, unlisted } });
}

/** What a person must name to release a content that was blocked: its blocking rules, each once, and why they matter. */
export function namesNeeded({ verdict }: Pick<ContentDetails, "verdict">): readonly Conflict[] {
  if (verdict?.decision !== "block") return [];
  const byRule = new Map(blockingFindings(verdict.findings).map(({ rule, reason }) => [rule, reason]));
  return [...byRule].map(([path, reason]) => ({ path, reason }));
}

/** A review that somebody damaged must not keep the next one from being made. */
function readable(details: string): ContentDetails | undefined {
  try {
    return parseContentDetails(details);
  } catch {
    return undefined;
  }
}
