import type { ReplayOutcome } from "../loop/index.ts";
import type { Desk } from "./desk.ts";

/** Replays start micro-VMs, so they are made one at a time: a page left open cannot fill the machine with them. */
export class Replays {
  readonly #records: Desk["records"];
  #isRunning = false;

  constructor(records: Desk["records"]) {
    this.#records = records;
  }

  async run(runId: string, signal: AbortSignal): Promise<ReplayOutcome | { readonly status: "busy" }> {
    if (this.#isRunning) return { status: "busy" };
    this.#isRunning = true;
    try {
      return await this.#records.replay(runId, { signal });
    } finally {
      this.#isRunning = false;
    }
  }
}
