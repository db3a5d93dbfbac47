import { z } from "zod";
import { canonicalise } from "../../base/canonical-json.ts";
import { defined } from "../../base/optional.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { ENTRY_BYTES_MAX, JSON_DEPTH_MAX } from "../limits.ts";
import { leafHash } from "../merkle/tree.ts";
import { BODIES, type EntryKind, type Step } from "./bodies.ts";
import { count, name, sha256Text, time } from "./fields.ts";
import { hex } from "./hex.ts";
import type { DraftText, Place } from "./place.ts";

/**
 * One signed, chained record. Its canonical JSON (RFC 8785) is what is stored, and a leaf of the Merkle tree: its hash is the leaf
 * hash of RFC 6962, SHA-256(0x00 || text), which no inner node (0x01) and no signed head can be mistaken for.
 */
export type Entry = Step & EntryFrame & { readonly hash: string };

export interface EntryFrame {
  /** Place in the ledger, from 0. */
  readonly index: number;
  /** When it was handed to the ledger: RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly runId?: string;
  readonly agent?: string;
  /** Hash of the entry before it, hexadecimal; for the first one `genesisHash` of the ledger's id. */
  readonly previousHash: string;
}

/** What the writer of an entry gives; the ledger adds the rest. */
export type EntryDraft = Step & { readonly runId?: string | undefined; readonly agent?: string | undefined };

const frame = {
  runId: name.optional(),
  agent: name.optional(),
};
const draftFrame = z.object({ ...frame, kind: z.enum(Object.keys(BODIES) as [EntryKind]), body: z.unknown() }).strict();
const storedFrame = draftFrame.extend({ index: count, time, previousHash: sha256Text });

/** A draft that was checked; its text cannot change any more, whatever the caller does with the objects it gave. */
export interface SealedDraft extends DraftText {
  readonly step: Step;
}

/** Throws ZtlError `entry-invalid`, or what `canonicalise` throws. */
export function sealDraft(draft: unknown, now: string): SealedDraft {
  const outer = check(draftFrame, draft, "entry");
  const bodyText = canonicalise(outer.body, { bytesMax: ENTRY_BYTES_MAX, depthMax: BODY_DEPTH_MAX });
  // What is checked is what will be recorded: read back, it shares nothing with the caller and lost nothing to a schema.
  const body = JSON.parse(bodyText) as unknown;
  check(BODIES[outer.kind] as z.ZodType, body, `${outer.kind} entry`);
  const step = { kind: outer.kind, body } as Step;
  return { step, kind: outer.kind, runId: outer.runId, agent: outer.agent, time: now, bodyText };
}

/** One more level is the entry's own, so that whatever was sealed can be canonicalised as part of it. */
const BODY_DEPTH_MAX = JSON_DEPTH_MAX - 1;

/** The draft as an entry, once it has a place. */
export function entryAt({ step, runId, agent, time }: SealedDraft, { index, previousHash, hash }: Place): Entry {
  return { index, time, ...defined({ runId, agent }), ...step, previousHash, hash };
}

/** The entry that canonical bytes tell. Throws ZtlError `entry-malformed` for bytes that this ledger cannot have written. */
export function parseEntry(bytes: Uint8Array): Entry {
  try {
    const value = parseJson(bytes, WHOLE_ENTRY);
    if (!Buffer.from(canonicalise(value, WHOLE_ENTRY)).equals(bytes))
      throw new ZtlError("entry-malformed", "it is not canonical JSON");
    const outer = check(storedFrame, value, "entry");
    check(BODIES[outer.kind] as z.ZodType, outer.body, `${outer.kind} entry`);
    return { ...(value as unknown as Step & EntryFrame), hash: hex(leafHash(bytes)) };
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}

/** What was hashed and signed, and its hash as it is now; the entry was changed where that is not the one it states. */
export function signedText({ hash: _, ...signed }: Entry): { readonly text: string; readonly hash: string } {
  const text = canonicalise(signed, WHOLE_ENTRY);
  return { text, hash: hex(leafHash(Buffer.from(text))) };
}

/** A sealed body of the largest size with its frame, whose texts are bounded by `name`. */
const WHOLE_ENTRY = { bytesMax: ENTRY_BYTES_MAX + 64 * 1024, depthMax: JSON_DEPTH_MAX };

function malformed(reason: string, cause: unknown): ZtlError {
  return new ZtlError(
    "entry-malformed",
    `A stored entry cannot have been written by this ledger: ${reason}`,
    {},
    { cause },
  );
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || what}: ${issue.message}`);
  throw new ZtlError("entry-invalid", `Invalid ${what}: ${problems.slice(0, 5).join("; ")}`.toWellFormed(), {
    problems,
  });
}
