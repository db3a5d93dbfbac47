import { randomBytes } from "node:crypto";
import { isJsonObject, type Json } from "../../base/json.ts";
import type { Entry } from "../../ledger/index.ts";

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

/** Of a call's entry; undefined where an earlier version, or somebody else, wrote it without one. */
export function recordedTrace({ body }: Entry): TraceStep | undefined {
  const { details } = body as { readonly details?: Json };
  const trace = isJsonObject(details) ? details.trace : undefined;
  if (!isJsonObject(trace)) return undefined;
  const { traceId, spanId, parentSpanId } = trace;
  if (!isHex(traceId, 16) || !isHex(spanId, 8)) return undefined;
  return { traceId, spanId, ...(isHex(parentSpanId, 8) && { parentSpanId }) };
}

function isHex(value: unknown, bytes: number): value is string {
  return typeof value === "string" && value.length === bytes * 2 && /^[0-9a-f]+$/.test(value);
}
