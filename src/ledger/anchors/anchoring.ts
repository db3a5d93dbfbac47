import type { SignedHead } from "../record/head.ts";
import type { Anchor } from "./place.ts";

export interface AnchoringOptions {
  readonly anchors: readonly Anchor[];
  readonly everyMs: number;
  /** The ledger's last head. */
  readonly head: () => SignedHead | undefined;
  /** An anchor that did not take a line; the next line is tried all the same. */
  readonly onProblem: (anchor: Anchor, error: unknown) => void;
}

/** Keeps the ledger's head elsewhere: some time after an entry, together for all entries of that time, and at the end. */
export class Anchoring {
  readonly #options: AnchoringOptions;
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: AnchoringOptions) {
    this.#options = options;
  }

  /** An entry is durable that no anchor stands for. */
  entryKept(): void {
    this.#isBehind = true;
    if (this.#timer !== undefined || this.#options.anchors.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#keeping = this.#keeping.then(() => this.#keep());
    }, this.#options.everyMs);
    // What is left is kept when the ledger is closed, or by whoever opens it next.
    this.#timer.unref();
  }

  /** Keeps the last head now. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#keeping;
    if (this.#isBehind) await this.#keep();
  }

  async #keep(): Promise<void> {
    if (this.#options.anchors.length === 0) return;
    await Promise.all(
      this.#options.anchors.map(async (anchor) => {
        try {
          // Asked for here: a ledger that somebody else has closed is a problem like that of an anchor.
          const line = this.#options.head()?.line;
          if (line === undefined) return;
          this.#isBehind = false;
          await anchor.keep(line);
        } catch (error) {
          this.#options.onProblem(anchor, error);
        }
      }),
    );
  }
}
