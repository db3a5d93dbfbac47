import type { Content, Entry, EntryDraft, Ledger } from "../../ledger/index.ts";

/** One of the ledger's kinds of step with its body. */
export type StepDraft = Omit<EntryDraft, "runId" | "agent"> & Pick<EntryDraft, "kind" | "body">;

/**
 * Writes the steps of one call to the ledger: an append is waited for at the end only, so that the steps of a short call become one
 * group and the disk works beside the micro-VM of a long one. Nothing is returned to an agent before all of it is durable.
 */
export class Recorder {
  readonly #ledger: Ledger;
  readonly #scope: { readonly runId: string; readonly agent: string };
  readonly #told: (entry: Entry) => void;
  readonly #writing: Promise<void>[] = [];

  constructor(ledger: Ledger, scope: { runId: string; agent: string }, told: (entry: Entry) => void) {
    this.#ledger = ledger;
    this.#scope = { runId: scope.runId, agent: scope.agent };
    this.#told = told;
  }

  record(step: StepDraft): void {
    const written = this.#ledger.append({ ...step, ...this.#scope } as EntryDraft, { mayWait: true }).then(this.#told);
    // Heard of in `settle`; until then a failure must not count as unhandled.
    written.catch(() => {});
    this.#writing.push(written);
  }

  keep(bytes: Uint8Array): Promise<Content> {
    return this.#ledger.keep(bytes);
  }

  /** Throws what the ledger threw for any of the steps: an unrecorded call has no answer. */
  async settle(): Promise<void> {
    // The state that led to them, too, also what changed after the last of them was handed over.
    await Promise.all([...this.#writing, this.#ledger.flush()]);
  }
}
