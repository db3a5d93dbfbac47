import { z } from "zod";
import type { Layer } from "../base/layer/index.ts";
import { EgressGate } from "../egress/index.ts";
import { ZtlError } from "../errors.ts";
import { syscallNumbers } from "../linux/syscalls/names.ts";
import { CALL_FAMILIES } from "../linux/trace/kinds.ts";
import type { TracedCall } from "../linux/trace/traced-call.ts";
import type { RunTrace } from "./cell/protocol.ts";

/** How one run is made, beside what it runs. */
export interface RunOptions {
  /** Ends the run. */
  readonly signal?: AbortSignal;
  /**
   * Makes the run repeatable: two with equal template, call, inputs and determinism give the same bytes. Time is counted, not
   * measured: it moves with the guest's system calls, and sleeping takes none of the host's.
   */
  readonly deterministic?: Determinism;
  /**
   * What earlier runs changed, for this one to find in place: it lies between the host's files and what the run sees and
   * changes. The result's changes are what differs from that, and a base in them is what the run found. Its files are to
   * stay as they are until the run has ended. A layer that cannot be read ends the run with status `error`, code
   * `layer-missing` or `layer-invalid`.
   */
  readonly layer?: Layer | undefined;
  /**
   * The run's way out: a gate of its own, which is closed with it. Without one a guest reaches nothing. The gate can be severed at any
   * time (`gate.sever`). Nobody outside waits for a counted clock, so such a run is not `deterministic`.
   */
  readonly egress?: EgressGate | undefined;
  /** Shows the system calls of the run. What is not asked for costs nothing. */
  readonly trace?: TraceRequest | undefined;
}

/** What to show of a run's system calls. */
export interface TraceRequest {
  /**
   * Is given each call as it returns, in order, while the run goes on. What it throws ends the run, and is thrown by `run`. The
   * arguments quote the guest's own bytes: `traceLine` makes a line of a call that is safe to print.
   */
  readonly onCall?: ((call: TracedCall) => void) | undefined;
  /** Families of calls (`file`, `network`, …) and names of calls (`openat`); default: all. */
  readonly calls?: readonly string[] | undefined;
  /** Most calls that are told; default 1,000,000. `diagnostics.untraced` says how many there were beyond. */
  readonly callsMax?: number | undefined;
  /** Counts calls, errors, faults and the time they take: `diagnostics.stats`. */
  readonly stats?: boolean | undefined;
}

const CALLS_MAX_DEFAULT = 1_000_000;
/** More are made in a day of nothing else. */
const CALLS_MAX = 10_000_000_000;

export interface Determinism {
  /** All randomness of the run comes from it: 16 to 64 bytes in lower-case hexadecimal. */
  readonly seed: string;
  /** Where the run's clock begins, in whole milliseconds since 1970. */
  readonly clockMs: number;
}

/** The year 10000: later times have no RFC 3339 form, and some programs count in 32 bits of days. */
const CLOCK_MS_MAX = 253_402_300_800_000;

const determinismSchema = z.strictObject({
  seed: z.string().regex(/^([0-9a-f]{2}){16,64}$/, "must be 16 to 64 bytes in lower-case hexadecimal"),
  clockMs: z.number().int().min(0).max(CLOCK_MS_MAX),
});

const whole = z.number().int().min(0);
const layerSchema = z.strictObject({
  id: z.string(),
  segments: z.array(z.union([z.string(), whole])),
  root: z.strictObject({ segment: whole, offset: whole, sizeBytes: whole }),
});

/** What `calls` of a trace may name. */
export const TRACEABLE: ReadonlySet<string> = new Set([...CALL_FAMILIES, ...syscallNumbers().map(([, name]) => name)]);
const traceSchema = z.strictObject({
  onCall: z.custom<TraceRequest["onCall"]>((value) => typeof value === "function").optional(),
  calls: z
    .array(
      z.string().refine((name) => TRACEABLE.has(name), `must be ${CALL_FAMILIES.join(", ")}, or a system call's name`),
    )
    .min(1)
    .max(TRACEABLE.size)
    .optional(),
  callsMax: whole.max(CALLS_MAX).optional(),
  stats: z.boolean().optional(),
});

const gateSchema = z.instanceof(EgressGate);

/** As the cell gets it; null for a run of which nothing is to be shown. */
export function toRunTrace(trace: TraceRequest | undefined): RunTrace | null {
  if (trace?.onCall === undefined && trace?.stats !== true) return null;
  return {
    calls: trace.calls ?? null,
    isTold: trace.onCall !== undefined,
    callsMax: trace.callsMax ?? CALLS_MAX_DEFAULT,
    isCounted: trace.stats === true,
  };
}

/** Throws ZtlError `invalid-input`. */
export function checkRunOptions({ deterministic, layer, trace, egress }: RunOptions): void {
  check("egress", gateSchema, egress);
  if (egress !== undefined && deterministic !== undefined)
    throw new ZtlError("invalid-input", "A run with a way out cannot be deterministic: what is outside is not");
  if (egress?.beginRun() === false)
    throw new ZtlError("invalid-input", "This gate is another run's: each run has one of its own");
  check("trace", traceSchema, trace);
  check("deterministic", determinismSchema, deterministic);
  check("layer", layerSchema, layer);
}

function check(name: string, schema: z.ZodType, value: unknown): void {
  if (value === undefined) return;
  const result = schema.safeParse(value);
  if (!result.success) throw new ZtlError("invalid-input", `Invalid ${name}: ${z.prettifyError(result.error)}`);
}
