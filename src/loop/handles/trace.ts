import { randomBytes } from "node:crypto";

/** Where a step stands in a trace (W3C Trace Context, section 3.2): ids in lower-case hexadecimal, of 16 and 8 bytes. */
export interface TraceStep {
  readonly traceId: string;
  readonly spanId: string;
  /** The step it belongs to; absent for the first of a trace. */
  readonly parentSpanId?: string;
}

/** A step below the one that `traceparent` names, which was checked; the first of a new trace without. */
export function stepBelow(traceparent: string | undefined): TraceStep {
  const spanId = randomBytes(8).toString("hex");
  if (traceparent === undefined) return { traceId: randomBytes(16).toString("hex"), spanId };
  const [, traceId = "", parentSpanId = ""] = traceparent.split("-");
  return { traceId, spanId, parentSpanId };
}

/** As a header value, for what happens below this step. */
export function traceparentOf({ traceId, spanId }: TraceStep): string {
  return `00-${traceId}-${spanId}-01`;
}
