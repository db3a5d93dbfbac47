import { z } from "zod";
import { ZtlError } from "../errors.ts";
import type { ChangedFile } from "./result.ts";

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
   * Changes of an earlier run, as its result had them, that this one is to find in place. The result's changes then are all
   * that differs from the host: they replace the earlier ones. When the host's files are not what the changes were made
   * from, the run ends with status `error`, code `pending-stale`.
   */
  readonly pending?: readonly ChangedFile[];
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

/** Throws ZtlError `invalid-input`. */
export function checkDeterminism(value: unknown): void {
  if (value === undefined) return;
  const result = determinismSchema.safeParse(value);
  if (!result.success) throw new ZtlError("invalid-input", `Invalid deterministic: ${z.prettifyError(result.error)}`);
}
