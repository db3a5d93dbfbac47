/** What others may use of the loop: open it, call tools through it, decide reviews, read its records. */

export type { Finding as GuardFinding, GuardDecision } from "../guard/index.ts";
export {
  explainFinding,
  type GuardLimits,
  maskSecrets,
  type Rule as GuardRule,
  RuleSet,
  type Scanner,
  type ScanOptions,
  type Sink as GuardSink,
  SyntacticScanner,
  scan,
  type Verdict,
  withOwnRules,
} from "../guard/index.ts";
export {
  checkInclusion,
  type DecisionCount,
  type Entry,
  formatPublicKey,
  parseHead,
  parsePublicKey,
  type ReviewerRecord,
  type RunComparison,
  readPublicKey,
  type SemanticDifferential,
  type SignedHead,
  SqliteStore,
  signedText,
  type UnprovenDecision,
  type Verification,
  verify as verifyLedger,
} from "../ledger/index.ts";
export {
  type AddResult,
  type AdmitDocumentResult,
  type AdmittedText,
  type ConversationMemory,
  GuardedStore,
  HashEmbeddings,
  type MemoryDocument,
  type MemoryRefusal,
  SqliteVectorStore,
  type VectorGate,
} from "../memory/index.ts";
export {
  type Decision,
  defineConfig,
  type LoopConfig,
  type ReviewerIdentity,
  type ReviewersNeeded,
  type ReviewQuota,
  type ReviewRule,
  type ReviewsConfig,
} from "../policy/index.ts";
export { type HostLacks, hostLacks } from "../sandbox/index.ts";
export { checkMounts, type LoopOptions, locateKeptHeads, locateState } from "./assemble.ts";
export type { Breakers, CloseOptions, CloseResult, OpenRequest } from "./breaker/breakers.ts";
export type { BreakerSource, BreakerState, OpenBreaker } from "./breaker/opening.ts";
export type { BreakerTarget } from "./breaker/target.ts";
export type {
  CallFacts,
  CallFailure,
  CallOutcome,
  CallResult,
  FindingSummary,
  RunSummary,
} from "./call/call-result.ts";
export type { PermitResult, RunElsewhere } from "./call/external.ts";
export type { LoopEvent, LoopListener } from "./events.ts";
export type { Agent } from "./handles/agent.ts";
export type { BudgetLimits } from "./handles/budget.ts";
export type { Rights } from "./handles/caller.ts";
export type { Address, Conversation, SendRequest } from "./handles/conversation.ts";
export type { ToolDescription } from "./handles/tool-description.ts";
export type { TraceStep } from "./handles/trace.ts";
export type { CaseFile } from "./history/case-file.ts";
export type { ErasedSubject, Erasure } from "./history/erase.ts";
export type { CaseQuery, Records, RunsQuery } from "./history/records.ts";
export type { ReplayOutcome } from "./history/replays.ts";
export type { RunFilter } from "./history/run-index.ts";
export { RUN_STATUSES, RUN_VERDICTS, type RunRecord, type RunRow } from "./history/run-record.ts";
export type { Timeline, TimelineCall, TimelineEdge } from "./history/timeline.ts";
export type { Counterfactual, ModelAction, StepAsked } from "./history/without.ts";
export { ZeroTrustLoop } from "./loop.ts";
export { type ActionTrace, BAND_DEVIATIONS, type JudgedCall } from "./monitor/action-trace.ts";
export type { Judgement } from "./monitor/judgement.ts";
export type { MountProblem } from "./mount-check.ts";
export type { ArgumentOrigin, OriginSource, OriginStep } from "./origins/argument-origin.ts";
export type { RunTrace } from "./origins/origins.ts";
export type {
  CallRequest,
  ConversationOptions,
  DecideRequest,
  PermitRequest,
  ReceiveRequest,
  SaidRequest,
} from "./requests.ts";
export type { AddedReviewer, NewReviewer, Reviewers } from "./reviewers/reviewers.ts";
export { type DecisionSignature, type DecisionSubject, ReviewerSigner } from "./reviewers/signature.ts";
export type { Standing } from "./reviewers/votes.ts";
export type {
  ApproveOptions,
  ChangeSetSummary,
  Conflict,
  DecisionOptions,
  DecisionResult,
  DiffHunk,
  FileChange,
  FileDiffView,
  FileView,
  LastSync,
  RejectOptions,
  ReverseOptions,
  Review,
  ReviewKind,
  ReviewState,
  ReviewSummary,
  SparedFile,
  TakenIn,
} from "./reviews/review.ts";
export type { Reviews, ReviewsQuery } from "./reviews/reviews.ts";
export type { RebaseOptions, RebaseResult } from "./workspace/change-set-rebase.ts";
