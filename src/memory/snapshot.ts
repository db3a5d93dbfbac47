import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalise } from "../base/canonical-json.ts";
import { isJsonObject, type Json } from "../base/json.ts";
import { ZtlError } from "../errors.ts";
import type { AdmissionLabel } from "../guard/index.ts";
import { CONVERSATION_BYTES_MAX, CONVERSATION_ENTRIES_MAX, JSON_DEPTH_MAX } from "./limits.ts";
import { plainRecord } from "./plain-data.ts";

/** A conversation as plain data. */
export interface ConversationSnapshot {
  readonly format: 2;
  readonly agent: string;
  /** Of all that the conversation had taken in. */
  readonly labels: readonly AdmissionLabel[];
  readonly entries: readonly Json[];
  /** HMAC-SHA-256 (base64url) over the canonical JSON of the rest: no entry changed, moved, added or left out. */
  readonly seal: string;
}

/** Each entry may carry an admission and its own names beside the text. */
const SNAPSHOT_BYTES_MAX = CONVERSATION_BYTES_MAX + CONVERSATION_ENTRIES_MAX * 2048;
/** JSON writes one byte, such as a control character, with up to six. */
const SEALED_BYTES_MAX = 6 * SNAPSHOT_BYTES_MAX;

export function sealSnapshot(
  agent: string,
  { entries, labels }: Pick<ConversationSnapshot, "entries" | "labels">,
  key: Uint8Array,
): ConversationSnapshot {
  const copies = labels.map(({ source, trust, confidentiality }) => ({ source, trust, confidentiality }));
  const body = { format: 2 as const, agent, labels: copies, entries: [...entries] };
  return { ...body, seal: sealOf(body, key).toString("base64url") };
}

/** Throws ZtlError `snapshot-malformed` for what is not a snapshot at all. A seal that does not fit is a value. */
export function readSnapshot(
  value: unknown,
  key: Uint8Array,
): Pick<ConversationSnapshot, "agent" | "labels" | "entries"> & { readonly isSealed: boolean } {
  const { format, agent, labels, entries, seal } =
    plainRecord(value, { bytesMax: SNAPSHOT_BYTES_MAX, depthMax: JSON_DEPTH_MAX }) ?? {};
  if (format !== 2 || typeof agent !== "string" || !isObjects(entries) || !isObjects(labels))
    throw new ZtlError("snapshot-malformed", "Expected what a conversation's toJSON gave; found something else");
  const given = Buffer.from(typeof seal === "string" ? seal : "", "base64url");
  const expected = sealOf({ format, agent, labels, entries }, key);
  const isSealed = given.length === expected.length && timingSafeEqual(given, expected);
  // Labels are what was sealed, or nobody's.
  return { agent, entries, labels: isSealed ? (labels as unknown as readonly AdmissionLabel[]) : [], isSealed };
}

function isObjects(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value) && value.every(isJsonObject);
}

function sealOf(body: { readonly [key: string]: Json }, key: Uint8Array): Buffer {
  return createHmac("sha256", key)
    .update(canonicalise(body, { bytesMax: SEALED_BYTES_MAX, depthMax: JSON_DEPTH_MAX + 2 }))
    .digest();
}
