import type { DecisionVerb, Entry, EntryKind, Ledger, ReviewerRoll } from "../../ledger/index.ts";
import type { ReviewersNeeded } from "../../policy/index.ts";
import { VOTES_SEEN_MAX } from "../limits.ts";

/** One reviewer's signed decision that has not been acted on. */
export interface Vote {
  readonly reviewer: string;
  readonly publicKey: string;
  readonly nonce: string;
  readonly selectionSha256: string;
  readonly roles: readonly string[];
}

/** Where a review stands that several must agree to. */
export interface Standing {
  readonly needed: ReviewersNeeded;
  /** Who has agreed. */
  readonly given: readonly string[];
  /** How many more must. */
  readonly missing: number;
  /** Roles that none of them has. */
  readonly roles: readonly string[];
}

interface About {
  readonly verb: DecisionVerb;
  readonly reviewId: string;
  readonly hash: string;
  readonly selectionSha256?: string;
  readonly runId?: string | undefined;
}

/**
 * Decisions for the same thing, in their order: the same review, hash and choice of files. Each reviewer counts once, by name and by
 * key, as long as they are one; what was acted on already does not count again.
 */
export function votesFor(ledger: Ledger, roll: ReviewerRoll, about: About): readonly Vote[] {
  const recent = (kind: EntryKind): Entry[] => ledger.query({ kind, order: "last", limit: VOTES_SEEN_MAX }).reverse();
  const used = new Set([...recent("approval"), ...recent("sync"), ...recent("breaker")].flatMap(statementsIn));
  const doneAt = about.verb === "undo" || about.verb === "redo" ? lastSyncAt(ledger, about.runId) : -1;
  const votes = new Map<string, Vote>();
  for (const { kind, body, index } of recent("decision")) {
    if (kind !== "decision" || index < doneAt || used.has(body.nonce)) continue;
    const { reviewer, publicKey, nonce, selectionSha256, reviewId, subjectSha256, decision } = body;
    if (reviewId !== about.reviewId || subjectSha256 !== about.hash || decision !== about.verb) continue;
    if (about.selectionSha256 !== undefined && selectionSha256 !== about.selectionSha256) continue;
    const record = roll.active(reviewer);
    // The last one counts, should somebody agree twice; so a choice that was changed is the new one.
    if (record?.publicKey === publicKey)
      votes.set(reviewer, { reviewer, publicKey, nonce, selectionSha256, roles: record.roles });
  }
  return [...votes.values()];
}

/** Nonces of the signed decisions that an entry rests on. */
function statementsIn(entry: Entry): readonly string[] {
  if (entry.kind === "approval" || entry.kind === "breaker") return entry.body.statements ?? [];
  return entry.kind === "sync" ? (entry.body.decided?.statements ?? []) : [];
}

export function missingOf(votes: readonly Vote[], { reviewers, roles }: ReviewersNeeded): Omit<Standing, "needed"> {
  return {
    given: votes.map(({ reviewer }) => reviewer),
    missing: Math.max(0, reviewers - votes.length),
    roles: roles.filter((role) => !votes.some((vote) => vote.roles.includes(role))),
  };
}

/** What was agreed to before the last time that the files were written or put back was for that time. */
function lastSyncAt(ledger: Ledger, runId: string | undefined): number {
  if (runId === undefined) return -1;
  return ledger.query({ kind: "sync", runId, order: "last", limit: 1 })[0]?.index ?? -1;
}
