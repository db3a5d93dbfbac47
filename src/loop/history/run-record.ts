import type { Entry, SemanticDifferential } from "../../ledger/index.ts";
import type { TraceStep } from "../handles/trace.ts";
import type { ArgumentOrigin } from "../origins/argument-origin.ts";
import type { RunTrace } from "../origins/origins.ts";

/** Recorded runs as the page and the command line show them; all of it is read from the ledger. */

/** How a run can have ended, or why there was none: what `RunFilter.status` finds. */
export const RUN_STATUSES = [
  "ok",
  "failed",
  "signaled",
  "limit",
  "cancelled",
  "error",
  "ask",
  "refuse",
  "run",
  "none",
] as const;
export const RUN_VERDICTS = ["admit", "flag", "block", "none"] as const;

export interface RunRow {
  readonly runId: string;
  /** Of its first entry in the ledger. */
  readonly index: number;
  readonly agent: string;
  readonly tool: string;
  readonly conversation: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  /** On one line; a guest or a model may have chosen it. */
  readonly command: string;
  readonly decision: "run" | "ask" | "refuse" | "none";
  /** How the run ended; `error` for a call that failed, `none` when nothing was to run. */
  readonly status: string;
  /** The strictest verdict on what it returned; `none` when nothing was scanned. */
  readonly verdict: "admit" | "flag" | "block" | "none";
  readonly replayable: boolean;
}

export interface RunRecord {
  readonly row: RunRow;
  /** Where the call stands in a trace, the caller's or its own (W3C Trace Context). */
  readonly trace?: TraceStep;
  /** Every entry about it, oldest first. */
  readonly entries: readonly Entry[];
  /** Raw output, bounded; hostile. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True when they hold secrets, which the ledger and the model have masked. */
  readonly holdsSecrets: boolean;
  /** True when more was recorded than is given here. */
  readonly truncated: boolean;
  readonly differential: SemanticDifferential;
  /** Where the values in its arguments came from. */
  readonly origins?: readonly ArgumentOrigin[];
  /** Later calls and sayings, of any agent, that have something of what it returned. */
  readonly traces?: readonly RunTrace[];
  /** Entries, also of earlier and later calls, of which something cannot be read any more: it is left out of all this. */
  readonly unread?: readonly number[];
}
