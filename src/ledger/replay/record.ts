import { z } from "zod";
import { canonicalise } from "../../base/canonical-json.ts";
import type { Json } from "../../base/json.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { count, json, name, sha256Text, text } from "../record/fields.ts";

/** Everything needed to run a recorded call again and expect the same bytes. */

const input = z.strictObject({
  /** What the guest saw it as: a path, or a name such as `stdin`. */
  name: text,
  sizeBytes: count,
  sha256: sha256Text,
  /** What of a large file was read and is hashed: offset and length in turn. Absent for the whole content. */
  parts: z.array(count).optional(),
});

/** One thing the run could see besides its template: a file it read, its standard input. */
export type ReplayInput = z.infer<typeof input>;

export const replayRecord = z.strictObject({
  version: z.literal(1),
  /** Key of the template: equal keys mean the same snapshot to start from. */
  templateKey: name,
  /** The tool call as it was handed to the sandbox. */
  call: json,
  inputs: z.array(input),
  /** Hash over `inputs`; see `hashInputs`. */
  inputsSha256: sha256Text,
  /** Bounds of the run by name; null for none. */
  limits: z.record(name, z.number().nullable()),
  /** What randomness inside the run is derived from, in hexadecimal. */
  seed: z.string().regex(/^([0-9a-f]{2})+$/, "must be bytes in lower-case hexadecimal"),
  /** Where the run's clock stands throughout, milliseconds since 1970 in UTC. */
  clockMs: z.number().int(),
});

export type ReplayRecord = z.infer<typeof replayRecord>;

const INPUTS_DOMAIN = "ztl-replay-inputs-v1\n";
/** A run may read many thousand files; each takes some 150 bytes here. */
const INPUTS_BYTES_MAX = 256 * 1024 * 1024;

/** One hash for all inputs, whatever order they were read in: SHA-256, hexadecimal. */
export function hashInputs(inputs: readonly ReplayInput[]): string {
  const lines = inputs.map((one) => canonicalise(one)).sort();
  const all = canonicalise([...new Set(lines)], { bytesMax: INPUTS_BYTES_MAX, depthMax: 4 });
  return sha256Hex(Buffer.from(INPUTS_DOMAIN + all));
}

export interface ReplayPlan {
  readonly templateKey: string;
  readonly call: Json;
  readonly inputs: readonly ReplayInput[];
  readonly limits: Readonly<Record<string, number | null>>;
  readonly seed: string;
  readonly clockMs: number;
}

export function makeReplayRecord(plan: ReplayPlan): ReplayRecord {
  const { inputs, limits } = plan;
  return { version: 1, ...plan, inputs: [...inputs], limits: { ...limits }, inputsSha256: hashInputs(inputs) };
}
