import { defined } from "../../base/optional.ts";
import { type Consideration, conclude, type Decision, type TroubleKind } from "../../policy/index.ts";
import { decisionBody } from "../history/drafts.ts";
import { type Judgement, recordedJudgement, sentenceOf } from "../monitor/judgement.ts";
import type { LoopParts } from "../parts.ts";
import { boundCall, callDetails, callReview, movedSince } from "../reviews/call-review.ts";
import { quotaRefusal } from "../reviews/quota.ts";
import type { StoredReview } from "../reviews/review-store.ts";
import { type Answer, type Call, moveBooked } from "./call.ts";
import { actingIn } from "./severance.ts";

export type Permission =
  | { readonly granted: true }
  | { readonly granted: false; readonly answer: Extract<Answer, { status: "waiting" | "refused" }> };

/** What is known of a call besides what the policy says. */
interface Known {
  /** The review it has already. */
  readonly asked?: string | undefined;
  /** What the monitor says of it. */
  readonly judgement?: Judgement | undefined;
}

/** What the policy and the agent's own rights say of a call now; changes nothing. */
export function considerCall(
  parts: LoopParts,
  { caller, tool, scope }: Pick<Call, "caller" | "tool"> & Partial<Pick<Call, "scope">>,
  { asked, judgement }: Known = {},
): Decision {
  const { policy, conversations } = parts;
  const { agent, conversation, narrowing } = caller;
  const taint = conversations.taintOf(agent, conversation);
  const decision = policy.decide({ agent, tool, taint });
  // What waits already does not stand in its own way.
  const quota = asked === undefined ? quotaRefusal(parts, agent) : undefined;
  // The last one is named: whatever else is wrong, an open breaker is what has to be known.
  const open = parts.breaker.refusal({ agent, conversation, runId: scope?.runId ?? "" }, tool);
  const refusals = [
    ...narrowing.refusals(tool, costOf(parts, tool)),
    ...[monitored(judgement), quota, open].filter((one) => one !== undefined),
  ];
  return refusals.length === 0 ? decision : conclude([...decision.considered, ...refusals]);
}

/**
 * Whether a call may be made, and when a person must agree first: whether one agreed to exactly this call. A call with a name that
 * was permitted stays so until it is made; its agreement is used up by that.
 */
export async function permissionFor(parts: LoopParts, call: Call, approval: string | undefined): Promise<Permission> {
  return decideCall(parts, call, approval, await judged(parts, call));
}

function decideCall(
  parts: LoopParts,
  call: Call,
  approval: string | undefined,
  judgement: Judgement | undefined,
): Permission {
  const { booked } = call;
  if (booked !== undefined && booked.state !== "asked" && booked.state !== "waiting")
    return movedAfterPermit(parts, call) ?? openedAfterPermit(parts, call) ?? { granted: true };
  const reviewId = approval ?? (booked?.state === "waiting" ? booked.reviewId : undefined);
  const decision = considerCall(parts, call, { asked: reviewId, judgement });
  if (decision.decision === "refuse") return refuse(parts, call, decision);
  if (decision.decision === "run") {
    const open = parts.breaker.enter(actingIn(call), call.tool);
    if (open !== undefined) return refuse(parts, call, conclude([...decision.considered, open]));
    return grant(parts, call, decision, {});
  }
  return reviewId === undefined ? ask(parts, call, decision) : lookUp(parts, call, decision, reviewId);
}

/** Before anything of it is decided, and only where something can be: what the policy refuses needs no evidence. */
async function judged(parts: LoopParts, call: Call): Promise<Judgement | undefined> {
  const { actionsJudge } = parts;
  const { booked } = call;
  if (actionsJudge === undefined || (booked !== undefined && booked.state !== "asked" && booked.state !== "waiting"))
    return undefined;
  if (considerCall(parts, call, { asked: booked?.reviewId }).decision === "refuse") return undefined;
  return actionsJudge.judge(call);
}

function monitored(judgement: Judgement | undefined): Consideration | undefined {
  if (judgement === undefined) return undefined;
  const outcome = { go: "does-not-apply", ask: "asks", sever: "refuses" } as const;
  return { rule: "monitor", outcome: outcome[judgement.decision], why: sentenceOf(judgement) };
}

function ask(parts: LoopParts, call: Call, decision: Decision): Permission {
  const review = parts.reviewStore.add(callReview(parts, call, decision, boundCall(parts, call, decision)));
  moveBooked(parts, call, "asked", "waiting", { reviewId: review.id });
  record(parts, call, decision, {});
  parts.reviewsChanged();
  return waiting(parts, call, decision, review.id);
}

/** The review that a call names, or that the book knows for it. */
function lookUp(parts: LoopParts, call: Call, decision: Decision, reviewId: string): Permission {
  const review = parts.reviewStore.get(reviewId);
  const isOfBook = call.booked?.reviewId === reviewId;
  if (review?.kind !== "call") return refuse(parts, call, against(decision, NOT_FOR_THIS), reviewId);
  if (review.state === "pending" && isOfBook) return waiting(parts, call, callDetails(review).decision, reviewId);
  if (review.state !== "approved") return refuse(parts, call, against(decision, explain(review)), reviewId);
  const moved = movedSince(callDetails(review).bound, boundCall(parts, call, decision));
  if (moved === undefined) return refuse(parts, call, against(decision, NOT_FOR_THIS), reviewId);
  if (moved.length > 0) return lapse(parts, call, decision, { reviewId, moved });
  const open = parts.breaker.enter(actingIn(call), call.tool);
  if (open !== undefined) return refuse(parts, call, conclude([...decision.considered, open]));
  if (!parts.reviewStore.use(reviewId)) return refuse(parts, call, against(decision, USED), reviewId);
  return grant(parts, call, decision, { approval: reviewId, agreedBy: review.decidedBy ?? null });
}

/** A call that runs here and was permitted a while ago, by an agreement to what it would have found then. */
function movedAfterPermit(parts: LoopParts, call: Call): Permission | undefined {
  const { booked, files } = call;
  if (booked?.state !== "permitted" || booked.reviewId === undefined || files === undefined) return undefined;
  const { reviewId } = booked;
  const review = parts.reviewStore.get(reviewId);
  const judgement = recordedJudgement(parts.ledger, call.scope.runId);
  const decision = considerCall(parts, call, { asked: reviewId, judgement });
  const bound = review?.kind === "call" ? callDetails(review).bound : undefined;
  const moved = bound === undefined ? [] : movedSince(bound, boundCall(parts, call, decision));
  if (moved?.length === 0) return undefined;
  moveBooked(parts, call, "permitted", "asked");
  return refuse(parts, call, against(decision, lapsedBecause(moved ?? ["the call"])), reviewId);
}

/** A permit is not used up by a breaker: once that is closed the call may be made. */
function openedAfterPermit(parts: LoopParts, call: Call): Permission | undefined {
  if (call.booked?.state !== "permitted") return undefined;
  const open = parts.breaker.enter(actingIn(call), call.tool);
  return open && refuse(parts, call, conclude([open]), call.booked.reviewId);
}

/** The agreement was to this call as it stood then: it is worth nothing now, and the next question is a new one. */
function lapse(
  parts: LoopParts,
  call: Call,
  decision: Decision,
  { reviewId, moved }: { readonly reviewId: string; readonly moved: readonly string[] },
): Permission {
  parts.reviewStore.supersede(reviewId);
  moveBooked(parts, call, "waiting", "asked");
  parts.reviewsChanged();
  return refuse(parts, call, against(decision, lapsedBecause(moved)), reviewId);
}

function lapsedBecause(moved: readonly string[]): string {
  return `The approval was given before ${moved.join(" and ")} changed; ask again.`;
}

type GrantDetails = { readonly approval?: string; readonly agreedBy?: string | null };

function grant(parts: LoopParts, call: Call, decision: Decision, details: GrantDetails): Permission {
  const { booked } = call;
  record(parts, call, decision, details);
  if (booked !== undefined) moveBooked(parts, call, booked.state, "permitted", defined({ reviewId: details.approval }));
  call.caller.narrowing.budget.spend(costOf(parts, call.tool));
  return { granted: true };
}

function refuse(parts: LoopParts, call: Call, decision: Decision, approval?: string): Permission {
  const details = { approval, agreedBy: approval === undefined ? undefined : null };
  record(parts, call, decision, defined(details));
  noticeRefusal(parts, call, decision);
  return { granted: false, answer: refusal(parts, call, decision) };
}

/** Rules of refusals that are no trouble: people's and a breaker's own. */
const TROUBLES: Readonly<Record<string, { readonly kind: TroubleKind; readonly reason: string }>> = {
  "default-deny": { kind: "violation", reason: "The policy refused a call or message." },
  rights: { kind: "violation", reason: "It asked for a tool beyond its rights." },
  budget: { kind: "quota", reason: "Its budget is used up." },
  "review-quota": { kind: "quota", reason: "Too much of it waits for people." },
};

/** A refusal may be a sign of trouble that opens a breaker. */
export function noticeRefusal(
  { breaker }: LoopParts,
  call: Pick<Call, "caller" | "scope" | "tool">,
  { considered }: Decision,
): void {
  for (const { rule, outcome, why } of considered) {
    const trouble = outcome === "refuses" && Object.hasOwn(TROUBLES, rule) ? TROUBLES[rule] : undefined;
    if (trouble !== undefined)
      breaker.notice({ ...actingIn(call), ...trouble, tool: call.tool, evidence: { rule, why, tool: call.tool } });
  }
}

/** How a refusal is told. */
export function refusal(
  { examiner }: LoopParts,
  { scope }: Call,
  decision: Decision,
): Extract<Answer, { status: "refused" }> {
  const sentence = `This was refused by the policy (${decision.rule}): ${decision.reason}`;
  return { status: "refused", decision, forModel: examiner.say(sentence, scope) };
}

function waiting({ examiner }: LoopParts, { scope }: Call, decision: Decision, reviewId: string): Permission {
  const sentence = `A person must agree to this call first (review ${reviewId}): ${decision.reason}`;
  return { granted: false, answer: { status: "waiting", reviewId, decision, forModel: examiner.say(sentence, scope) } };
}

function record({ policy }: LoopParts, { recorder }: Call, decision: Decision, details: GrantDetails): void {
  recorder.record({ kind: "policy-decision", body: decisionBody(decision, { policyHash: policy.hash, ...details }) });
}

const NOT_FOR_THIS = "The approval is not for this call.";
const USED = "The approval was used already.";

function explain({ state, message }: StoredReview): string {
  switch (state) {
    case "pending":
      return "The approval was not given yet.";
    case "used":
      return USED;
    case "rejected":
      return message === undefined ? "A person said no." : `A person said no: ${message}`;
    case "expired":
      return "The approval ran out.";
    default:
      return "The approval is no longer worth anything; ask again.";
  }
}

/** A decision to ask, with what became of asking. */
function against({ considered }: Decision, why: string): Decision {
  return conclude([...considered, { rule: "approval", outcome: "refuses", why }]);
}

function costOf({ policy }: LoopParts, tool: string): number {
  return policy.tool(tool)?.cost ?? 1;
}
