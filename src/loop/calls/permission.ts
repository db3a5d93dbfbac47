import { canonicalise } from "../../base/canonical-json.ts";
import { sha256Hex } from "../../base/sha256.ts";
import type { Decision } from "../../policy/index.ts";
import type { LoopParts } from "../parts.ts";
import { decisionBody } from "../recording/drafts.ts";
import { callReview } from "../reviews/call-review.ts";
import type { Answer, Call } from "./call.ts";

export type Permission =
  | { readonly granted: true }
  | { readonly granted: false; readonly answer: Extract<Answer, { status: "waiting" | "refused" }> };

/**
 * What the policy says of a call, and when it says `ask`: whether a person agreed to exactly this one. An agreement is bound
 * to agent, conversation, tool and input, and is used up by the call.
 */
export function decideCall(parts: LoopParts, call: Call, command: string, approval: string | undefined): Permission {
  const { policy, conversations, examiner, reviewStore } = parts;
  const { scope, tool, recorder } = call;
  const taint = conversations.taintOf(scope.agent, call.conversation);
  const decision = policy.decide({ agent: scope.agent, tool, taint });
  if (decision.decision !== "ask" || approval === undefined) {
    recorder.record({ kind: "policy-decision", body: decisionBody(decision, { policyHash: policy.hash }) });
    if (decision.decision === "run") return { granted: true };
    if (decision.decision === "refuse") return refused(parts, call, decision);
    const review = reviewStore.add(callReview(parts, call, command, decision, hashOfCall(call)));
    parts.reviewsChanged();
    const sentence = `A person must agree to this call first (review ${review.id}): ${decision.reason}`;
    const forModel = examiner.say(sentence, scope);
    return { granted: false, answer: { status: "waiting", reviewId: review.id, decision, forModel } };
  }
  const agreed = reviewStore.use(approval, "call", hashOfCall(call));
  const details = { policyHash: policy.hash, approval, agreedBy: agreed?.decidedBy ?? null };
  const final = agreed === undefined ? notAgreed(decision) : decision;
  recorder.record({ kind: "policy-decision", body: decisionBody(final, details) });
  return agreed === undefined ? refused(parts, call, final) : { granted: true };
}

function refused(parts: LoopParts, { scope }: Call, decision: Decision): Permission {
  const sentence = `This call was refused by the policy (${decision.rule}): ${decision.reason}`;
  return {
    granted: false,
    answer: { status: "refused", decision, forModel: parts.examiner.say(sentence, scope) },
  };
}

function notAgreed(decision: Decision): Decision {
  const why = "The approval is not for this call, was used already, was not given, or ran out.";
  const considered = [...decision.considered, { rule: "approval", outcome: "refuses", why } as const];
  return { decision: "refuse", rule: "approval", reason: why, considered };
}

/** What a person agrees to. */
export function hashOfCall({ scope, conversation, tool, input }: Call): string {
  const asked = canonicalise(
    { agent: scope.agent, conversation, tool, input },
    { bytesMax: 64 * 1024 * 1024, depthMax: 1000 },
  );
  return sha256Hex(`ztl-call-v1\n${asked}`);
}
