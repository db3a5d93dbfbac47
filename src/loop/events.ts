import type { Entry } from "../ledger/index.ts";
import type { MemoryRefusal } from "../memory/index.ts";
import type { SandboxEvent } from "../sandbox/index.ts";

/** What a loop tells its listeners. */
export type LoopEvent =
  /** A step is durable in the ledger. Steps of other processes are not told; the ledger has them. */
  | { readonly type: "entry"; readonly entry: Entry }
  /** Something new waits for a person, or was decided, in this process. */
  | { readonly type: "reviews-changed" }
  /** The memory gate turned something away. */
  | { readonly type: "memory-refusal"; readonly refusal: MemoryRefusal }
  /** The ledger's head could not be kept at one of its anchors; see `ledger` of the configuration. */
  | { readonly type: "anchor-failed"; readonly anchor: string; readonly message: string }
  | { readonly type: "sandbox"; readonly event: SandboxEvent };

export type LoopListener = (event: LoopEvent) => void;

/** A listener that throws does not keep the others, nor the loop, from going on. */
export class Listeners {
  readonly #all = new Set<LoopListener>();

  add(listener: LoopListener): () => void {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  tell(event: LoopEvent): void {
    for (const listener of [...this.#all]) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error), { type: "ZtlListenerError" });
      }
    }
  }
}
