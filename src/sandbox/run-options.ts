import { z } from "zod";
import type { Layer } from "../base/layer/index.ts";
import { ZtlError } from "../errors.ts";

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
}

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

/** Throws ZtlError `invalid-input`. */
export function checkRunOptions({ deterministic, layer }: RunOptions): void {
  check("deterministic", determinismSchema, deterministic);
  check("layer", layerSchema, layer);
}

function check(name: string, schema: z.ZodType, value: unknown): void {
  if (value === undefined) return;
  const result = schema.safeParse(value);
  if (!result.success) throw new ZtlError("invalid-input", `Invalid ${name}: ${z.prettifyError(result.error)}`);
}
