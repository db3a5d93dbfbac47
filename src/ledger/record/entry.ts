import { z } from "zod";
import { canonicalise } from "../../base/canonical-json.ts";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { parseJson } from "../../base/strict-json.ts";
import { ZtlError } from "../../errors.ts";
import { ENTRY_BYTES_MAX, JSON_DEPTH_MAX } from "../limits.ts";
import { leafHash } from "../merkle/tree.ts";
import { BODIES, type EntryKind, type Erased, type Step } from "./bodies.ts";
import { count, name, sha256Text, time } from "./fields.ts";
import { hex } from "./hex.ts";
import { type DraftText, frameOf, type Place } from "./place.ts";

/**
 * One signed, chained record. Its frame as canonical JSON (RFC 8785), with a hash of its body, is a leaf of the Merkle tree: its hash is
 * the leaf hash of RFC 6962, SHA-256(0x00 || text), which no inner node (0x01) and no signed head can be mistaken for.
 */
export type Entry = (Step | Erased) & EntryFrame & { readonly hash: string };

export interface EntryFrame {
  /** Place in the ledger, from 0. */
  readonly index: number;
  /** When it was handed to the ledger: RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly runId?: string;
  readonly agent?: string;
  /** Hash of the entry before it, hexadecimal; for the first one `genesisHash` of the ledger's id. */
  readonly previousHash: string;
  /** Random text that is hashed with the body; an entry that was erased has none. */
  readonly salt?: string;
}

/** What the writer of an entry gives; the ledger adds the rest. */
export type EntryDraft = Step & { readonly runId?: string | undefined; readonly agent?: string | undefined };

const frame = {
  runId: name.optional(),
  agent: name.optional(),
};
const draftFrame = z.object({ ...frame, kind: z.enum(Object.keys(BODIES) as [EntryKind]), body: z.unknown() }).strict();
const storedFrame = draftFrame
  .omit({ body: true })
  .extend({ bodySha256: sha256Text, index: count, time, previousHash: sha256Text });

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
export function entryAt({ step, runId, agent, time }: SealedDraft, { index, previousHash, hash, salt }: Place): Entry {
  return { index, time, ...defined({ runId, agent }), ...step, previousHash, salt, hash };
}

/** The entry that stored bytes tell; see `placeDraft`. Throws ZtlError `entry-malformed` for bytes that this ledger cannot have written. */
export function parseEntry(bytes: Uint8Array): Entry {
  try {
    const frame = frameOf(bytes);
    const { bodySha256, ...outer } = check(storedFrame, canonicalValue(frame), "entry");
    const hash = hex(leafHash(frame));
    const { kind, ...rest } = { ...defined(outer), kind: outer.kind } as EntryFrame & { kind: EntryKind };
    if (frame.length === bytes.length) return { ...rest, kind: "erased", body: { kind, bodySha256 }, hash };
    const sealed = Buffer.from(bytes.subarray(frame.length + 1));
    if (sha256Hex(sealed) !== bodySha256)
      throw new ZtlError("entry-malformed", "its body is not the one it has the hash of");
    const salt = sealed.toString("utf8", 0, SALT_DIGITS);
    if (!SALT.test(salt) || sealed[SALT_DIGITS] !== NEWLINE) throw new ZtlError("entry-malformed", "it has no salt");
    const body = canonicalValue(sealed.subarray(SALT_DIGITS + 1));
    check(BODIES[kind] as z.ZodType, body, `${kind} entry`);
    return { ...rest, ...({ kind, body } as Step), salt, hash };
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}

const SALT = /^[0-9a-f]{32}$/;
const SALT_DIGITS = 32;
const NEWLINE = 0x0a;

function canonicalValue(bytes: Uint8Array): unknown {
  const value = parseJson(bytes, WHOLE_ENTRY);
  if (!Buffer.from(canonicalise(value, WHOLE_ENTRY)).equals(bytes))
    throw new ZtlError("entry-malformed", "it is not canonical JSON");
  return value;
}

/** What was hashed and signed, with what it has the hash of, and its hash as it is now: where that is another than it states it was changed. */
export function signedText(entry: Entry): { readonly text: string; readonly sealed?: string; readonly hash: string } {
  const { hash: _, salt, ...said } = entry;
  const { body, ...frame } = said;
  if (said.kind === "erased") {
    // Nothing else of a body that a stranger wrote may stand in the frame.
    const { kind, bodySha256 } = said.body;
    const text = canonicalise({ ...frame, kind, bodySha256 }, WHOLE_ENTRY);
    return { text, hash: hex(leafHash(Buffer.from(text))) };
  }
  const sealed = `${salt}\n${canonicalise(body, WHOLE_ENTRY)}`;
  const text = canonicalise({ ...frame, bodySha256: sha256Hex(sealed) }, WHOLE_ENTRY);
  return { text, sealed, hash: hex(leafHash(Buffer.from(text))) };
}

/** The kind that an entry was recorded as, also when it was erased since. */
export function kindOf(entry: Entry): EntryKind {
  return entry.kind === "erased" ? entry.body.kind : entry.kind;
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
