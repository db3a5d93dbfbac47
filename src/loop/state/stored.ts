import { z } from "zod";
import type { Json } from "../../base/json.ts";
import { parseStored, type StoredFormat, shapeOf } from "../../base/stored-json.ts";
import type { Label } from "../../policy/index.ts";
import type { CallResult } from "../call/call-result.ts";
import { CONTENT_DETAILS_JSON, INPUT_JSON, KEPT_ANSWER_JSON, RECORD_JSON, TAINT_JSON } from "../limits.ts";
import type { CallDetails } from "../reviews/call-review.ts";
import type { ContentDetails } from "../reviews/content-review.ts";

/** What the loop itself has stored as JSON: in its database, and as content of the ledger. */

const text = z.string();
const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hexadecimal");
const label = z.strictObject({
  source: text,
  trust: z.enum(["trusted", "untrusted"]),
  confidentiality: z.enum(["public", "private"]),
});
const finding = z.strictObject({
  rule: text,
  family: text,
  severity: z.enum(["info", "low", "medium", "high", "critical"]),
  start: count,
  end: count,
  path: z.array(text),
  excerpt: text,
  reason: text,
});

const callDetails = z.strictObject({
  input: text,
  decision: z.strictObject({
    decision: z.enum(["run", "ask", "refuse"]),
    rule: text,
    reason: text,
    considered: z.array(
      z.strictObject({ rule: text, outcome: z.enum(["allows", "asks", "refuses", "does-not-apply"]), why: text }),
    ),
  }),
  bound: z.strictObject({
    ...{ agent: text, conversation: text, tool: text },
    inputSha256: sha256,
    definitionSha256: sha256,
    rules: z.array(text),
    workspace: text,
  }),
});
const contentDetails = z.strictObject({
  content: z.strictObject({ sha256, sizeBytes: count, base64: z.base64().optional() }),
  conversation: text,
  labels: z.array(label),
  subject: text,
  verdict: z
    .strictObject({
      decision: z.enum(["admit", "flag", "block"]),
      ruleSetHash: text,
      findings: z.array(finding),
      unlisted: count,
    })
    .optional(),
});
/** What decides how it is taken; the rest is for whoever reads it. Its admission is checked where a memory takes it. */
const answer = z.looseObject({
  status: z.enum(["ok", "failed", "limit", "cancelled", "flagged", "blocked", "waiting", "refused", "error"]),
  ...{ runId: text, agent: text, tool: text, traceparent: text },
  forModel: z.looseObject({ text }),
});

const REVIEW = {
  code: "review-damaged",
  remedy: "Someone changed the loop's database. Reject this review; the agent can ask again.",
};
const CALL_DETAILS: StoredFormat = {
  ...REVIEW,
  what: "The review of a call",
  limits: CONTENT_DETAILS_JSON,
  shape: callDetails,
};
const CONTENT_DETAILS: StoredFormat = {
  ...REVIEW,
  what: "The review of a withheld content",
  limits: CONTENT_DETAILS_JSON,
  shape: contentDetails,
};
const ANSWER: StoredFormat = {
  what: "The answer kept of a call",
  limits: KEPT_ANSWER_JSON,
  shape: answer,
  code: "answer-damaged",
  remedy:
    "Someone changed the loop's database. The ledger has what the call returned; to make it once more, give it another callId.",
};
const TAINT: StoredFormat = {
  what: "What a conversation has taken in",
  limits: TAINT_JSON,
  shape: z.array(label),
  code: "taint-damaged",
  remedy: "Someone changed the loop's database. Nothing is run in this conversation; go on in another one.",
};
const RECORD = {
  code: "record-damaged",
  remedy: "`ztl ledger verify` tells what else of the record is not as it was written.",
};
const RECORDED_INPUT: StoredFormat = {
  ...RECORD,
  what: "The recorded input of a call",
  limits: INPUT_JSON,
  shape: shapeOf(() => undefined),
};

export function parseCallDetails(json: string): CallDetails {
  return parseStored(json, CALL_DETAILS);
}

export function parseContentDetails(json: string): ContentDetails {
  return parseStored(json, CONTENT_DETAILS);
}

export function parseAnswer(json: string): CallResult {
  return parseStored(json, ANSWER);
}

export function parseLabels(json: string): readonly Label[] {
  return parseStored(json, TAINT);
}

export function parseRecordedInput(json: Uint8Array): Json {
  return parseStored(json, RECORDED_INPUT);
}

/** A list or object of the ledger's own words, kept as content because it is too large for its entry. */
export function parseRecorded<T>(json: Uint8Array, what: string, shape: StoredFormat["shape"]): T {
  return parseStored(json, { ...RECORD, what, limits: RECORD_JSON, shape });
}
