import type { AdmittedText } from "../../memory/index.ts";
import type { Decision } from "../../policy/index.ts";
import type { RunResult } from "../../sandbox/index.ts";
import type { ChangeSetSummary } from "../reviews/review.ts";

/** How one call through the loop went. Everything a caller must tell apart is a value of `status`; only misuse throws. */
export type CallResult = CallOutcome & CallFacts;

export type CallOutcome =
  /**
   * The guard admitted the whole output, and the run ended so: `ok` with exit status 0, `failed` with another or by a signal,
   * `limit` and `cancelled` before its own end. What came from elsewhere, and a message, is `ok`.
   */
  | (Ran & {
      readonly status: "ok" | "failed" | "limit" | "cancelled";
      readonly output: AdmittedText;
      /** What the guard found in an output from trusted mounts alone, where it withholds nothing. Absent when there is nothing. */
      readonly findings?: readonly FindingSummary[];
    })
  /**
   * The guard saw something: the output waits for a person (`reviewId`). `forModel` says so, or is the neutralised output
   * where the tool's `onFlag` asks for that. How the run ended is in `run`.
   */
  | (Ran & { readonly status: "flagged"; readonly reviewId: string; readonly findings: readonly FindingSummary[] })
  /** The output holds control structures that a person can release only by naming each (`reviewId`), or nobody at all. */
  | (Ran & { readonly status: "blocked"; readonly reviewId?: string; readonly findings: readonly FindingSummary[] })
  /** A person must agree first; then make the same call again, under its `callId` or with `approval: reviewId`. Nothing ran. */
  | { readonly status: "waiting"; readonly reviewId: string; readonly decision: Decision }
  /** The policy, or a person, does not allow it. Nothing ran. */
  | { readonly status: "refused"; readonly decision: Decision }
  /** It was to run and could not, or its result could not be taken; `code` is stable, `remedy` says what to do. */
  | (Partial<Ran> & { readonly status: "error"; readonly error: CallFailure });

interface Ran {
  /** Absent for what ran elsewhere. */
  readonly run?: RunSummary;
  readonly changeSet?: ChangeSetSummary;
}

export interface CallFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface CallFacts {
  /** Names this call in the ledger, on the page and for a replay. */
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  /** This call as a step that others may belong to (W3C Trace Context). */
  readonly traceparent: string;
  /**
   * What to hand to the model, always safe to hand on: the admitted output in its frame, or a sentence of ours about why there is
   * none. It carries its admission, so a conversation's memory takes it as it is.
   */
  readonly forModel: AdmittedText;
}

/** A run as a caller may see it: its raw output is in the ledger, not here, for nothing vouches for it. */
export interface RunSummary {
  readonly status: RunResult["status"];
  readonly exitCode: number | null;
  readonly timingsMs: RunResult["timingsMs"];
  /** Network addresses the guest tried to reach, each refused. */
  readonly egressAttempts: Readonly<Record<string, number>>;
}

/** A finding without its excerpt: short, sanitised, with nothing of the content in it. */
export interface FindingSummary {
  readonly rule: string;
  readonly severity: string;
  readonly reason: string;
}
