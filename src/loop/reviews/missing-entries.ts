import { defined } from "../../base/optional.ts";
import { allOf } from "../history/run-story.ts";
import { RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { OverdueDecision } from "./begun-decisions.ts";
import { type Decided, recordDecision } from "./decisions.ts";
import type { ReviewKind, ReviewState } from "./review.ts";

/** From its beginning until it moves its review, a decision about very many files takes some seconds. */
const MOVES_WITHIN_MS = 60_000;
/** What one decision may have moved: it takes a workspace's set out of one review, and time ends many at once. */
const MOVED_MAX = 1000;

/** Something that was decided, as its own state tells. */
interface Moved extends Decided {
  readonly id: string;
  readonly hash: string;
  readonly kind: ReviewKind;
  readonly state: ReviewState | "applying";
  readonly decidedBy?: string | undefined;
}

/** Where a review stands after a decision, however it went on from there. */
const AFTER: Readonly<Record<OverdueDecision["verb"], ReadonlySet<Moved["state"]>>> = {
  approve: new Set(["approved", "applying", "applied", "conflict", "undone", "used", "superseded", "expired"]),
  reject: new Set(["rejected"]),
  revoke: new Set(["rejected"]),
  expire: new Set(["expired"]),
};

/**
 * Gives decisions that a process made and did not live to record their entries, which say that they came later. Chosen files and
 * signed statements are not repeated: a cut set's hash stands for its files, and each statement has an entry from before the decision.
 */
export async function recordMissing(parts: LoopParts): Promise<void> {
  for (const decision of parts.begunDecisions.overdue()) {
    const { verb, reviewer, message } = decision;
    for (const moved of movedBy(parts, decision).filter((one) => fits(one, decision) && !hasEntry(parts, one, verb))) {
      await recordDecision(parts, moved, {
        ...{ subject: moved.kind, subjectSha256: moved.hash, decision: verb, details: { recovered: true } },
        ...(verb !== "expire" && { reviewId: decision.reviewId ?? moved.id }),
        ...defined({ reviewer, message }),
      });
    }
    parts.begunDecisions.end(decision.number);
  }
}

function movedBy({ reviewStore, workspace }: LoopParts, { reviewId, at }: OverdueDecision): Moved[] {
  if (reviewId === undefined) {
    const sets = workspace.list({ state: "expired", limit: MOVED_MAX });
    return [...reviewStore.expired(MOVED_MAX), ...sets.map((set) => ({ ...set, kind: "change-set" as const }))];
  }
  const stored = reviewStore.summary(reviewId);
  if (stored !== undefined) return [stored];
  // What was cut out of a workspace's review has another id, unless it was all of it.
  const wasThen = ({ decidedAt = 0 }) => decidedAt >= at && decidedAt <= at + MOVES_WITHIN_MS;
  const cut = workspace.list({ limit: MOVED_MAX }).filter(wasThen);
  const same = workspace.find(reviewId);
  const sets = same === undefined || cut.some(({ id }) => id === reviewId) ? cut : [same, ...cut];
  return sets.map((set) => ({ ...set, kind: "change-set" as const }));
}

function fits({ state, decidedBy }: Moved, { verb, reviewer }: OverdueDecision): boolean {
  return AFTER[verb].has(state) && decidedBy === reviewer;
}

function hasEntry({ ledger }: LoopParts, { runId, hash }: Moved, verb: OverdueDecision["verb"]): boolean {
  const entries = ledger.query({ runId, kind: "approval", limit: RUN_ENTRIES_MAX });
  return allOf(entries, "approval").some(({ body }) => body.subjectSha256 === hash && body.decision === verb);
}
