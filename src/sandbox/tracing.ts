import type { TracedCall } from "../linux/trace/traced-call.ts";
import { type RunTrace, TRACE_FRAME_BYTES } from "./cell/protocol.ts";
import { TraceReader } from "./cell/reply/trace.ts";
import type { Aside } from "./reply-reader.ts";
import type { TraceRequest } from "./run-options.ts";

/** Hands calls on to the caller, whose failure is no fault of the cell's. */
export class Tracing {
  readonly #reader: TraceReader | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(trace: RunTrace | null, onCall: TraceRequest["onCall"], cancel: () => void) {
    const hand = (call: TracedCall): void => {
      if (this.#failure !== undefined) return;
      try {
        onCall?.(call);
      } catch (error) {
        this.#failure = { error };
        cancel();
      }
    };
    if (trace !== null) this.#reader = new TraceReader(trace, hand);
  }

  /** What the cell may say before it replies. */
  get asides(): readonly Aside[] {
    const reader = this.#reader;
    if (reader === undefined) return [];
    return [{ type: "trace", headerBytes: TRACE_FRAME_BYTES, bodyBytes: 0, take: (header) => reader.read(header) }];
  }

  /** Throws what the caller threw. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
