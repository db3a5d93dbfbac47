import type { DraftText, Place } from "../record/place.ts";

/** Who puts drafts into the chain: `GroupCommit` on this thread, or `WriterThread` on one of its own. */
export interface EntryWriter {
  /**
   * Resolved when the entry is durable; entries stand in the order of the calls. Throws ZtlError `ledger-queue-full` when too many wait,
   * `ledger-busy` or `ledger-write-failed` (then it is not recorded), `ledger-writer-ended`.
   */
  add(draft: DraftText): Promise<Place>;
  /** Resolved when all that was committed beside the ledger before the call is durable. Throws ZtlError `ledger-writer-ended`. */
  flush(): Promise<void>;
  /** Writes what waits, then ends. */
  close(): Promise<void>;
}
