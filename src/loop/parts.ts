import type { Entry, Ledger } from "../ledger/index.ts";
import type { Policy } from "../policy/index.ts";
import type { Workspace } from "../workspace/index.ts";
import type { Breaker } from "./breaker/breaker.ts";
import type { CallBook } from "./call/call-book.ts";
import type { CallResult } from "./call/call-result.ts";
import type { EnvironmentSeal } from "./call/environment.ts";
import type { Examiner } from "./gate/examiner.ts";
import type { Originals } from "./gate/originals.ts";
import type { TraceStep } from "./handles/trace.ts";
import type { RunIndex } from "./history/run-index.ts";
import type { ActionsJudge } from "./monitor/actions-judge.ts";
import type { OriginIndex } from "./origins/origin-index.ts";
import type { Authority } from "./reviewers/authority.ts";
import type { Reviewers } from "./reviewers/reviewers.ts";
import type { BegunDecisions } from "./reviews/begun-decisions.ts";
import type { ReviewStore } from "./reviews/review-store.ts";
import type { Sandboxes } from "./sandboxes.ts";
import type { Conversations } from "./state/conversations.ts";

/** What a loop is made of: made once by `ZeroTrustLoop.open`, shared by what works on a call. */
export interface LoopParts {
  readonly policy: Policy;
  readonly sandboxes: Sandboxes;
  readonly examiner: Examiner;
  readonly ledger: Ledger;
  readonly originals: Originals;
  readonly environment: EnvironmentSeal;
  readonly runIndex: RunIndex;
  readonly workspace: Workspace;
  readonly reviewStore: ReviewStore;
  readonly begunDecisions: BegunDecisions;
  readonly reviewers: Reviewers;
  readonly authority: Authority;
  readonly conversations: Conversations;
  readonly breaker: Breaker;
  /** Judges outward calls; undefined where the configuration names no calibration. */
  readonly actionsJudge: ActionsJudge | undefined;
  readonly callBook: CallBook;
  /** Where values stand in the ledger; made when it is first asked. */
  readonly originIndex: OriginIndex;
  /** Calls with names that this process is answering. */
  readonly underWay: Map<string, Promise<CallResult>>;
  /** Of the last runs that this process recorded, by run: who goes on with one need not read its entry. */
  readonly traceSteps: Map<string, TraceStep>;
  readonly expireAfterMs: number;
  readonly outputForModelBytes: number;
  readonly now: () => number;
  /** Tells listeners of a durable entry. */
  readonly told: (entry: Entry) => void;
  /** Tells listeners that something waits, or was decided. */
  readonly reviewsChanged: () => void;
}
