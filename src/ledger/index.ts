export { Anchoring } from "./anchors/anchoring.ts";
export { type Anchor, type AnchorPlace, anchorAt } from "./anchors/place.ts";
export { checkConsistency, checkInclusion, type ProofCheck } from "./checks.ts";
export type { DecisionCount, UnprovenDecision } from "./decisions/decision-check.ts";
export { type ReviewerOrigin, type ReviewerRecord, ReviewerRoll } from "./decisions/reviewer-roll.ts";
export {
  bytesOfSelection,
  type DecisionStatement,
  type DecisionVerb,
  hashOfMessage,
  hashOfSelection,
  isStatementSigned,
  type Selection,
  signStatement,
  textOfSelection,
} from "./decisions/statement.ts";
export { type ActionDistribution, type ActionShift, compareActions } from "./differential/action-shift.ts";
export {
  type ContextPiece,
  type DifferentialInput,
  type Echo,
  type LaterPiece,
  type SemanticDifferential,
  semanticDifferential,
} from "./differential/differential.ts";
export { comparePlans, type PlanDifference, type PlannedCall } from "./differential/planned-calls.ts";
export type { ErasureOrder } from "./erasure.ts";
export { type ConsistencyProof, type EntryQuery, type InclusionProof, Ledger, type LedgerOptions } from "./ledger.ts";
export { DECISION_CLOCK_SKEW_MS } from "./limits.ts";
export { type Body, changeList, type EntryKind, readList, type Step } from "./record/bodies.ts";
export { contentsOf } from "./record/contents-of.ts";
export { type Entry, type EntryDraft, signedText } from "./record/entry.ts";
export type { Content } from "./record/fields.ts";
export { formatPublicKey, type Head, isSignedBy, parseHead, parsePublicKey, type SignedHead } from "./record/head.ts";
export {
  compareInputs,
  compareRuns,
  escapeBytes,
  type RunChange,
  type RunComparison,
  type RunOutput,
} from "./replay/compare.ts";
export {
  hashInputs,
  makeReplayRecord,
  type ReplayInput,
  type ReplayPlan,
  type ReplayRecord,
  replayRecord,
} from "./replay/record.ts";
export { openSigningKey, readPublicKey, type SigningKey } from "./store/signing-key.ts";
export { SqliteStore } from "./store/sqlite-store.ts";
export type { BlobStore, LedgerStore } from "./store/store.ts";
export type { Problem, ProblemCode, Verification, VerifyOptions } from "./verification.ts";
export { verify } from "./verify.ts";
