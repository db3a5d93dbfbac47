import type { Step } from "./agent/outcome.ts";
import { egressOf } from "./showing/claims.ts";
import type { Shown } from "./showing/showing.ts";

/** What `--json` prints: every step, decision and claim. Texts are as they were, hostile ones included; JSON escapes them. */
export function summarise({ facts, claims, unshown }: Shown): object {
  const { unguarded, guarded, reviews, ledger, pdf } = facts;
  return {
    ok: claims.every(({ holds }) => holds),
    scripted: facts.isScripted,
    claims,
    skipped: unshown.map(({ id }) => id),
    lacks: facts.host.lacks,
    unguarded: { steps: unguarded.transcript.steps.map(summariseStep), mails: unguarded.mails, notes: unguarded.notes },
    guarded: {
      steps: guarded.transcript.steps.map(summariseStep),
      mails: guarded.mails,
      notes: guarded.notes,
      answer: guarded.answer,
    },
    reviews: reviews.map(({ id, kind, tool, state, title }) => ({ id, kind, tool, state, title })),
    applied: facts.applied,
    attackerRequests: facts.attackerRequests,
    ledger: ledger.ok ? { ok: true, entries: ledger.entries, head: ledger.head?.line } : ledger,
    ...(pdf && { replay: pdf.replay.status, echoes: pdf.differential.echoes.length }),
  };
}

function summariseStep(step: Step): object {
  const { tool, input, outcome, runId } = step;
  const egress = egressOf(step);
  return {
    tool,
    input,
    outcome: outcome.kind,
    ...("result" in outcome ? { status: outcome.result.status } : {}),
    ...(egress.length > 0 ? { egress } : {}),
    ...(runId !== undefined && { runId }),
  };
}
