import { setImmediate as otherWork } from "node:timers/promises";
import { z } from "zod";
import { momentOf } from "../base/moment.ts";
import { defined } from "../base/optional.ts";
import { parseJson as strictJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import { RUN_STATUSES, RUN_VERDICTS } from "../loop/index.ts";
import { isSame } from "./access/sessions.ts";
import {
  API_LIMIT_MAX,
  BODY_JSON,
  BREAKER_MESSAGE_CHARACTERS_MAX,
  DIRECTORIES_LISTED_MAX,
  LISTED_FILES_MAX,
  MESSAGE_CHARACTERS_MAX,
  REVIEWER_CHARACTERS_MAX,
} from "./limits.ts";
import { type RefusalStatus, refuse } from "./refusal.ts";
import type { ServerContext } from "./server-env.ts";

/** Everything that comes in, parsed once at the boundary. What does not fit is answered, not thrown. */

const text = z.string().refine((value) => value.isWellFormed(), "must not contain a lone surrogate");
const reviewer = text.trim().min(1).max(REVIEWER_CHARACTERS_MAX);
const message = text.max(MESSAGE_CHARACTERS_MAX);
const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be the 64 hexadecimal digits of what was shown");
const paths = z.array(z.string().min(1).max(65_536)).max(100_000);
const index = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const limit = z.coerce.number().int().min(1).max(API_LIMIT_MAX);

/** Made elsewhere, by somebody who keeps the key to themselves; see `ReviewerSigner`. */
const signature = z.strictObject({
  reviewer,
  publicKey: text.max(100),
  signedAt: text.max(40),
  nonce: text.min(16).max(100),
  signature: text.max(200),
});
/** Whose version of a file goes on when the host's has changed. */
const take = z.enum(["merge", "host", "workspace"]);
/** What is looked for; the names of agents, tools and conversations are no longer. */
const filter = text.max(1024);
const moment = z
  .string()
  .max(40)
  .transform((given, context) => {
    const at = momentOf(given);
    if (at !== undefined) return at;
    context.addIssue("must be a time such as 2026-11-27, 2026-11-27T09:30Z or 2h");
    return z.NEVER;
  });
const breakerName = text.min(1).max(256);
const reviewId = z.string().min(1).max(100);
function field<T extends z.ZodType>(schema: T) {
  return z
    .literal("")
    .transform(() => undefined)
    .or(schema)
    .optional();
}

const decision = { reviewer: reviewer.optional(), message: message.optional(), signature: signature.optional() };

export const schemas = {
  reviewsQuery: z.strictObject({
    state: z.enum(["pending", "all"]).optional(),
    kind: z.enum(["change-set", "call", "content"]).optional(),
    agent: text.max(1024).optional(),
    tool: text.max(1024).optional(),
    limit: limit.optional(),
    after: reviewId.optional(),
  }),
  fileQuery: z.strictObject({ path: z.string().min(1).max(65_536) }),
  runsQuery: z.strictObject({
    limit: limit.optional(),
    beforeIndex: index.optional(),
    agent: filter.optional(),
    tool: filter.optional(),
    conversation: filter.optional(),
    status: z.enum(RUN_STATUSES).optional(),
    verdict: z.enum(RUN_VERDICTS).optional(),
    finding: filter.optional(),
    since: moment.optional(),
    until: moment.optional(),
    search: filter.optional(),
  }),
  timelineQuery: z.strictObject({ conversation: filter, agent: filter.optional() }),
  entriesQuery: z.strictObject({ limit: limit.optional(), fromIndex: index.optional(), beforeIndex: index.optional() }),
  approve: z.strictObject({ ...decision, hash, files: paths.min(1).optional(), protectedFiles: paths.optional() }),
  reject: z.strictObject({ ...decision, hash: hash.optional(), files: paths.min(1).optional() }),
  revoke: z.strictObject({ ...decision, hash: hash.optional() }),
  reverse: z.strictObject({ ...decision, files: paths.min(1).optional() }),
  rebase: z.strictObject({
    ...decision,
    hash,
    take: take.optional(),
    files: paths.min(1).optional(),
  }),
  openBreaker: z.strictObject({
    agent: breakerName.optional(),
    conversation: breakerName.optional(),
    runId: breakerName.optional(),
    message: text.max(BREAKER_MESSAGE_CHARACTERS_MAX).optional(),
    reviewer: reviewer.optional(),
  }),
  closeBreaker: z.strictObject({ ...decision, hash: hash.optional() }),
  openBreakerForm: z.object({
    agent: field(breakerName),
    conversation: field(breakerName),
    message: field(text.max(BREAKER_MESSAGE_CHARACTERS_MAX)),
  }),
  closeBreakerForm: z.object({ hash, reviewer }),
  nothing: z.strictObject({}),
  /** Pages: what does not belong is left aside, for addresses are passed around. */
  pageQuery: z.object({
    from: index.catch(0).default(0),
    before: index.optional().catch(undefined),
    agent: text.max(1024).optional().catch(undefined),
    verify: z.literal("now").optional().catch(undefined),
    after: reviewId.optional().catch(undefined),
  }),
  /** As a form sends it: a field that was left empty asks for nothing. */
  runsPageQuery: z.object({
    before: index.optional().catch(undefined),
    agent: field(filter),
    tool: field(filter),
    conversation: field(filter),
    status: field(z.enum(RUN_STATUSES)),
    verdict: field(z.enum(RUN_VERDICTS)),
    finding: field(filter),
    any: z.literal("on").optional().catch(undefined),
    since: field(moment),
    until: field(moment),
    search: field(filter),
  }),
  timelinePageQuery: z.object({ conversation: filter, agent: field(filter) }),
  decisionForm: z.strictObject({
    hash,
    reviewer,
    message: message.default(""),
    scope: z.enum(["chosen", "all"]).optional(),
    directory: index.max(DIRECTORIES_LISTED_MAX - 1).optional(),
    take: take.optional(),
    file: z.array(index).max(LISTED_FILES_MAX),
    protected: z.array(index).max(LISTED_FILES_MAX),
  }),
  lastEventId: index.optional().catch(undefined),
} as const;

export type DecisionForm = z.infer<typeof schemas.decisionForm>;
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: Response | Promise<Response> };

function check<T>(c: ServerContext, schema: z.ZodType<T>, value: unknown): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "request"}: ${issue.message}`);
  return no(c, 422, "invalid-request", `This request is not as expected: ${problems.join("; ")}`.toWellFormed());
}

function no(
  c: ServerContext,
  status: RefusalStatus,
  code: string,
  why: string,
): { ok: false; answer: Response | Promise<Response> } {
  return { ok: false, answer: refuse(c, status, code, why) };
}

export function parseQuery<T>(c: ServerContext, schema: z.ZodType<T>): Checked<T> {
  return check(c, schema, c.req.query());
}

export async function parseJson<T>(c: ServerContext, schema: z.ZodType<T>): Promise<Checked<T>> {
  if (!isType(c, "application/json"))
    return no(c, 415, "unsupported-media-type", "Send JSON: Content-Type: application/json");
  try {
    const value = strictJson(Buffer.from(await c.req.arrayBuffer()), BODY_JSON);
    // Of very many names each of the two takes some ten milliseconds.
    await otherWork();
    return check(c, schema, value);
  } catch (error) {
    if (!ZtlError.isInstance(error) || !error.code.startsWith("json-")) throw error;
    return no(c, 400, "invalid-json", `The body is not JSON as it is taken here: ${error.message}.`);
  }
}

/** A form that our own page sent. */
export async function parseOwnForm(c: ServerContext): Promise<Checked<URLSearchParams>> {
  if (!isType(c, "application/x-www-form-urlencoded")) {
    return no(c, 415, "unsupported-media-type", "Send a form: Content-Type: application/x-www-form-urlencoded");
  }
  // A browser names the origin of every form it sends; the gate has checked that it is ours.
  if (c.req.header("origin") === undefined)
    return no(c, 403, "foreign-origin", "This form does not say where it comes from.");
  return { ok: true, value: new URLSearchParams(await c.req.text()) };
}

/** The same with the token that only pages of this session know. */
export async function parseForm(c: ServerContext): Promise<Checked<URLSearchParams>> {
  const sent = await parseOwnForm(c);
  if (!sent.ok) return sent;
  const form = sent.value;
  if (!isSame(form.get("csrf") ?? "", c.get("session").csrfToken)) {
    return no(
      c,
      403,
      "form-expired",
      "This form was not made for you, or is too old. Go back, reload the page and try again.",
    );
  }
  return { ok: true, value: form };
}

/** A form in which each field is there once. */
export function parseFormFields<T>(c: ServerContext, schema: z.ZodType<T>, form: URLSearchParams): Checked<T> {
  return check(c, schema, Object.fromEntries(form));
}

export function parseDecisionForm(c: ServerContext, form: URLSearchParams): Checked<DecisionForm> {
  const one = (name: string): string | undefined => form.get(name) ?? undefined;
  return check(c, schemas.decisionForm, {
    hash: one("hash"),
    reviewer: one("reviewer"),
    ...defined({ message: one("message"), scope: one("scope"), take: one("take"), directory: one("directory") }),
    file: form.getAll("file"),
    protected: form.getAll("protected"),
  });
}

function isType(c: ServerContext, type: string): boolean {
  return (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() === type;
}
