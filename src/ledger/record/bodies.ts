import { z } from "zod";
import { replayRecord } from "../replay/record.ts";
import { approval, decision, rebase, reviewer, sync } from "./decision-bodies.ts";
import { egress } from "./egress.ts";
import { base64, content, count, details, json, name, sha256Text, text, time } from "./fields.ts";

/**
 * What each kind of entry says. The ledger does not know who writes: these are facts in its own words, strict in their names so
 * that a misspelt one is refused, each with room for more in `details`.
 */

const call = z.strictObject({
  tool: name,
  input: json.optional(),
  /** The input when it is too large to be part of the entry. */
  inputContent: content.optional(),
  template: name.optional(),
  /** Labels of what the conversation already holds. */
  taint: z.array(name).optional(),
  ...details,
});

const policyDecision = z.strictObject({
  decision: z.enum(["run", "ask", "refuse"]),
  /** The rule that decided. */
  rule: name,
  reason: text,
  ...details,
});

const run = z.strictObject({
  status: z.enum(["ok", "failed", "signaled", "limit", "cancelled", "error"]),
  exitCode: z.number().int().nullable(),
  signal: name.optional(),
  limit: name.optional(),
  error: z.strictObject({ code: name, message: text }).optional(),
  stdout: content,
  stderr: content,
  timingsMs: z.record(name, z.number()).optional(),
  /** Absent when the run cannot be repeated. */
  replay: replayRecord.optional(),
  /** A `ReplayRecord` as canonical JSON, when it is too large to be part of the entry. */
  replayContent: content.optional(),
  ...details,
});

const readFile = z.strictObject({
  /** Where the guest saw it; for a name that is not UTF-8, `pathBase64` has the exact bytes. */
  path: text,
  pathBase64: base64.optional(),
  hostPath: text.optional(),
  sizeBytes: count,
  /** Of the whole content, or of the `parts`; null when `unhashed` says why. */
  sha256: sha256Text.nullable(),
  /** Offset and length in turn. */
  parts: z.array(count).optional(),
  unhashed: z.enum(["unreadable", "out-of-time"]).optional(),
  changedDuringRun: z.boolean().optional(),
});

export const readList = z.array(readFile);

const reads = z.strictObject({
  count,
  files: readList.optional(),
  /** The same list as JSON, when it is too large to be part of the entry. */
  list: content.optional(),
  ...details,
});

const finding = z.strictObject({
  rule: name,
  family: name,
  severity: z.enum(["info", "low", "medium", "high", "critical"]),
  /** Bytes of the original, end exclusive. */
  start: count,
  end: count,
  decodings: z.array(name).optional(),
  reason: text,
});

const verdict = z.strictObject({
  /** What was scanned, such as `stdout`. */
  subject: name,
  verdict: z.enum(["admit", "flag", "block"]),
  contentSha256: sha256Text,
  content: content.optional(),
  ruleSetHash: name,
  findings: z.array(finding),
  ...details,
});

const admission = z.strictObject({
  contentSha256: sha256Text,
  ruleSetHash: name,
  /** Where the content may go, such as `memory` or `vector-store`. */
  destination: name.optional(),
  /** The person who released flagged content. */
  releasedBy: name.optional(),
  nonce: name,
  expiresAt: time,
  /** Earlier versions kept it here. The nonce alone tells which admission it is. */
  signature: name.optional(),
  ...details,
});

const change = z.strictObject({
  path: text,
  pathBase64: base64.optional(),
  change: name,
  baseSha256: sha256Text.nullable().optional(),
  newSha256: sha256Text.nullable().optional(),
  mode: count.optional(),
  target: text.optional(),
  sizeBytes: count.optional(),
});

/** The list of a change set that is too large to be part of its entry. */
export const changeList = z.array(change);

const changeSet = z.strictObject({
  changeSetSha256: sha256Text,
  count,
  changes: z.array(change).optional(),
  /** The same list as JSON, when it is too large to be part of the entry. */
  list: content.optional(),
  /** New contents, kept so that the change can be shown and undone. */
  contents: z.array(content).optional(),
  ...details,
});

/** What became an agent's own knowledge: the output of a call, a message, or what a person released. */
const given = z.strictObject({ contents: z.array(content), ...details });

/** What a model said, and planned to call. */
const said = z.strictObject({ contents: z.array(content), planned: json.optional(), ...details });

/** What the host program told an agent: its system prompt, and what its user typed. */
const told = z.strictObject({ contents: z.array(content), role: z.enum(["system", "user"]), ...details });

/** Content that a conversation took in on another way than as a tool's output or a message. */
const takenIn = z.strictObject({
  /** Such as `retrieval`. */
  way: name,
  labels: json,
  /** Runs that the content is from. */
  runIds: z.array(name).optional(),
  ...details,
});

/** A call that was begun and could not be brought to its end. */
const failure = z.strictObject({ code: name, message: text, remedy: text.optional(), ...details });

/** Changes of a call that were not taken into its workspace, with their contents, so that nothing it did is lost. */
const notTaken = z.strictObject({ count, contents: z.array(content), ...details });

/** A breaker that was opened, lets one call through to see, or was closed. */
const breaker = z.strictObject({
  breakerId: name,
  change: z.enum(["opened", "probed", "reopened", "closed"]),
  /** Whose calls it keeps from being made. */
  scope: z.enum(["run", "conversation", "agent", "global"]),
  agent: name.optional(),
  conversation: text.optional(),
  runId: name.optional(),
  /** Of how it was opened: what whoever closes it saw, and signs. */
  subjectSha256: sha256Text,
  /** What opened it: `person`, or a kind of trouble. */
  source: name,
  /** Of the opening, and of a closing by a rule. */
  reason: text.optional(),
  /** From then on one call may be let through, and a breaker closed by itself; absent where only a person closes it. */
  coolDownMs: count.optional(),
  evidence: json.optional(),
  /** Of an opening: the person. */
  by: name.optional(),
  /** Of a closing: who closed it; absent where the rule did. */
  reviewer: name.optional(),
  message: text.optional(),
  /** Nonces of the signed decisions that it rests on; absent while nobody was a reviewer. */
  statements: z.array(name).optional(),
  ...details,
});

/** What a monitor said of a call before it was made. */
const judgement = z.strictObject({
  monitor: name,
  tool: name,
  decision: z.enum(["go", "ask", "sever"]),
  /** log2 of the odds that the call is not what the agent's person wanted, as calibrated. */
  bits: z.number(),
  probability: z.number(),
  /** Bits from which on it is an alarm. */
  alarmBits: z.number(),
  /** Whether earlier runs of the same job were known. */
  knowledge: z.enum(["same-job", "other-jobs"]),
  /** What speaks for an alarm, the weightiest first. Texts quote what others wrote. */
  reasons: z.array(z.strictObject({ name, bits: z.number(), text })),
  /** Of the calibration's file. */
  calibrationSha256: sha256Text,
  ...details,
});

/** A remark of whoever writes. The loop itself has a kind for whatever it records. */
const note = z.strictObject({ text, contents: z.array(content).optional(), ...details });

/** Contents that were taken out of earlier entries; what was signed of them stands. */
const erasure = z.strictObject({
  subject: z.enum(["run", "conversation", "age"]),
  /** Of the run or conversation; of an age the time before which all was erased. */
  name,
  /** Entries that have no content any more. */
  indices: z.array(count),
  runIds: z.array(name).optional(),
  /** What they had brought to conversations: labels outlive the content. */
  taint: z.array(z.strictObject({ agent: name, conversation: text, labels: json })).optional(),
  reason: text,
  /** Who asked for it. */
  by: name,
  ...details,
});

export const BODIES = {
  call,
  "policy-decision": policyDecision,
  run,
  reads,
  egress,
  verdict,
  admission,
  "change-set": changeSet,
  approval,
  reviewer,
  decision,
  sync,
  given,
  said,
  told,
  "taken-in": takenIn,
  failure,
  "not-taken": notTaken,
  rebase,
  breaker,
  judgement,
  note,
  erasure,
} as const;

export type EntryKind = keyof typeof BODIES;
export type Body<K extends EntryKind> = z.infer<(typeof BODIES)[K]>;

/** Kind and body together, so that the one tells the type of the other. */
export type Step = { readonly [K in EntryKind]: { readonly kind: K; readonly body: Body<K> } }[EntryKind];

/** In place of a step whose content was erased; an `erasure` entry says by whom and why. */
export interface Erased {
  readonly kind: "erased";
  readonly body: { readonly kind: EntryKind; readonly bodySha256: string };
}
