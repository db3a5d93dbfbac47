import type { DraftText, Place } from "../record/place.ts";

export interface AppendOptions {
  /**
   * Nobody waits for it yet: it is written with what comes next, at the latest after `ENTRY_WAIT_MS`. One group, with one fsync and one
   * signature, then has all steps of a short call.
   */
  readonly mayWait?: boolean;
}

/** Who puts drafts into the chain: `GroupCommit` on this thread, or `WriterThread` on one of its own. */
export interface EntryWriter {
  /**
   * Resolved when the entry is durable; entries stand in the order of the calls. Throws ZtlError `ledger-queue-full` when too many wait,
   * `ledger-busy` or `ledger-write-failed` (then it is not recorded), `ledger-writer-ended`. See {@link AppendOptions}.
   */
  add(draft: DraftText, options?: AppendOptions): Promise<Place>;
  /** Resolved when all that was committed beside the ledger before the call is durable. Throws ZtlError `ledger-writer-ended`. */
  flush(): Promise<void>;
  /** Writes what waits, then ends. */
  close(): Promise<void>;
}
