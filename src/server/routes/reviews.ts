import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import type { DecisionOptions, DecisionResult, FileView, Review, ReviewerSigner } from "../../loop/index.ts";
import type { SignIns } from "../access/sign-ins.ts";
import { messageOf, STATUS_OF } from "../api/decisions.ts";
import type { Desk } from "../desk.ts";
import { OPENED_FILES_MAX, REVIEWS_SHOWN_MAX } from "../limits.ts";
import { callPage } from "../pages/call.ts";
import { type ChangeSetReview, changeSetPage, foremost } from "../pages/change-set.ts";
import { contentPage } from "../pages/content.ts";
import type { Decider, Draft, ReviewContext } from "../pages/decision-form.ts";
import { directoriesOf, filesOf } from "../pages/directories.ts";
import { filePage } from "../pages/file.ts";
import { reviewsPage } from "../pages/reviews-list.ts";
import { refuse } from "../refusal.ts";
import { type DecisionForm, parseDecisionForm, parseForm, parseQuery, schemas } from "../requests.ts";
import type { ServerContext, ServerEnv } from "../server-env.ts";
import type { Html } from "../show/html.ts";

type Reviews = Desk["reviews"];
type SignedForm = DecisionForm & { readonly signer?: ReviewerSigner };

interface Deciders {
  /** Who decides where nobody has to sign in. */
  readonly reviewer: string;
  readonly signIns: SignIns;
}
type Answer = Response | Promise<Response>;

/** The pages on which people decide. */
export function reviewsRoutes(desk: Desk, { reviewer, signIns }: Deciders): Hono<ServerEnv> {
  const { reviews } = desk;
  const who = (c: ServerContext): Decider => {
    const signer = c.get("signer");
    if (signer !== undefined) return { name: signer.reviewer, is: "signed-in" };
    const is = signIns.isNeeded ? ("nobody" as const) : ("anybody" as const);
    return { name: rememberedName(c) ?? reviewer, is };
  };
  const routes = new Hono<ServerEnv>();
  routes.get("/", (c) => list(c, desk, "pending"));
  routes.get("/reviews", (c) => list(c, desk, "all"));
  routes.get("/reviews/:id", async (c) => {
    const review = await reviews.get(c.req.param("id"));
    if (review === undefined) return noReview(c);
    return c.html(await render(c, desk, review, { draft: emptyDraft(who(c)) }));
  });
  routes.get("/reviews/:id/files/:number", async (c) => {
    const query = parseQuery(c, schemas.pageQuery);
    if (!query.ok) return query.answer;
    const review = await reviews.get(c.req.param("id"));
    const number = Number(c.req.param("number"));
    const file = review?.kind === "change-set" ? review.files[number] : undefined;
    const view = review === undefined || file === undefined ? undefined : await reviews.file(review.id, file.path);
    if (review?.kind !== "change-set" || view === undefined) return noReview(c);
    return c.html(filePage(review, number, view, query.value.from));
  });
  const decision = (
    decide: (review: Review, form: SignedForm) => Promise<DecisionResult>,
  ): ((c: ServerContext) => Promise<Response>) => {
    return async (c) => decideByForm(c, desk, who(c), decide);
  };
  routes.post(
    "/reviews/:id/approve",
    decision(async (review, form) => {
      const chosen = await selection(review, form);
      // To approve none of the files means nothing that anybody can want.
      if (chosen.files?.length === 0) return { status: "bad-selection", files: [] };
      return reviews.approve(review.id, { ...signed(form), ...chosen, hash: form.hash });
    }),
  );
  routes.post(
    "/reviews/:id/reject",
    decision((review, form) => reviews.reject(review.id, { ...signed(form), hash: form.hash })),
  );
  routes.post(
    "/reviews/:id/revoke",
    decision((review, form) => reviews.revoke(review.id, { ...signed(form), hash: form.hash })),
  );
  routes.post(
    "/reviews/:id/rebase",
    decision((review, form) => rebase(desk, review, form)),
  );
  for (const reversal of ["undo", "redo"] as const)
    routes.post(
      `/reviews/:id/${reversal}`,
      decision((review, form) => reverse(desk, reversal, review, form)),
    );
  return routes;
}

async function reverse(
  { reviews }: Desk,
  reversal: "undo" | "redo",
  review: Review,
  form: SignedForm,
): Promise<DecisionResult> {
  const files = form.scope === "chosen" ? (await selection(review, form)).files : undefined;
  if (files?.length === 0) return { status: "bad-selection", files: [] };
  return reviews[reversal](review.id, { ...signed(form), ...defined({ files }) });
}

async function rebase({ reviews }: Desk, { id }: Review, form: SignedForm): Promise<DecisionResult> {
  const { hash, take } = form;
  const result = await reviews.rebase(id, { ...signed(form), hash, ...defined({ take }) });
  // What cannot be merged is a conflict still: the page says so, and offers the other two.
  return result.status === "rebased" ? { status: "done", state: "pending", files: [] } : result;
}

/** One page of what waits, or of all that ever did. */
async function list(
  c: ServerContext,
  { reviews, mountProblems, breakers }: Desk,
  state: "pending" | "all",
): Promise<Answer> {
  const query = parseQuery(c, schemas.pageQuery);
  if (!query.ok) return query.answer;
  const { after, agent } = query.value;
  const found = await reviews.list({ state, limit: REVIEWS_SHOWN_MAX + 1, ...defined({ after, agent }) });
  const page = found.slice(0, REVIEWS_SHOWN_MAX);
  const next = found.length > page.length ? page.at(-1)?.id : undefined;
  return c.html(
    reviewsPage({
      reviews: page,
      isHistory: state === "all",
      next,
      agent,
      isFirst: after === undefined,
      mountProblems,
      breakers: breakers.list(),
    }),
  );
}

async function decideByForm(
  c: ServerContext,
  desk: Desk,
  who: Decider,
  decide: (review: Review, form: SignedForm) => Promise<DecisionResult>,
): Promise<Response> {
  const { reviews } = desk;
  const sent = await parseForm(c);
  if (!sent.ok) return sent.answer;
  const form = parseDecisionForm(c, sent.value);
  if (!form.ok) return form.answer;
  const signer = c.get("signer");
  // Who is signed in decides as nobody else.
  const by: SignedForm = { ...form.value, ...(signer && { reviewer: signer.reviewer, signer }) };
  const id = c.req.param("id") ?? "";
  const review = await reviews.get(id);
  if (review === undefined) return noReview(c);
  const isStale = review.hash !== form.value.hash;
  // Numbers mean files of what was shown; of anything else they would mean others.
  const result: DecisionResult = isStale ? { status: "stale", hash: review.hash } : await decide(review, by);
  if (who.is === "anybody") rememberName(c, by.reviewer);
  if (result.status === "done" || result.status === "more-reviewers") {
    const shown = result.status === "done" ? (result.changeSetId ?? id) : id;
    return c.redirect(`/reviews/${encodeURIComponent(shown)}`, 303);
  }
  const now = await reviews.get(id);
  if (now === undefined) return refuse(c, STATUS_OF[result.status], result.status, messageOf(result));
  const deciding = { ...who, name: by.reviewer };
  const draft = isStale ? emptyDraft(deciding) : draftOf(by, deciding);
  return c.html(await render(c, desk, now, { draft, refused: result }), STATUS_OF[result.status]);
}

/** What a form says, in the loop's words. */
async function selection(
  review: Review,
  form: DecisionForm,
): Promise<{ files?: readonly string[]; protectedFiles?: readonly string[] }> {
  if (review.kind === "content") {
    const named = form.protected.flatMap((number) => review.toName?.[number]?.path ?? []);
    return named.length === 0 ? {} : { protectedFiles: named };
  }
  if (review.kind !== "change-set") return {};
  const paths = (numbers: readonly number[]): string[] => numbers.flatMap((number) => review.files[number]?.path ?? []);
  const protectedFiles = paths(form.protected);
  if (form.directory !== undefined) {
    const directory = (await directoriesOf(review.files))[form.directory];
    return { files: directory === undefined ? [] : await filesOf(review.files, directory), protectedFiles };
  }
  return { ...(form.scope === "all" ? {} : { files: paths(form.file) }), protectedFiles };
}

function signed({ reviewer, message, signer }: SignedForm): DecisionOptions {
  // Forms end lines with CR LF (HTML Standard, section 4.10.21.8); a message to an agent does not.
  const text = message.replaceAll("\r\n", "\n").trim();
  return { reviewer, ...defined({ signer }), ...(text === "" ? {} : { message: text }) };
}

function emptyDraft(who: Decider): Draft {
  return { who, message: "", chosen: new Set(), agreed: new Set() };
}

function draftOf(form: DecisionForm, who: Decider): Draft {
  return {
    who,
    message: form.message,
    chosen: new Set(form.file),
    agreed: new Set(form.protected),
  };
}

async function render(
  c: ServerContext,
  { reviews, ledger }: Desk,
  review: Review,
  context: Omit<ReviewContext, "csrfToken">,
): Promise<Html> {
  const query = parseQuery(c, schemas.pageQuery);
  const from = query.ok ? query.value.from : 0;
  const call = ledger.query({ runId: review.runId, limit: 1 })[0];
  const input =
    call?.kind === "call" && call.body.input !== undefined ? { input: JSON.stringify(call.body.input) } : {};
  const whole = { ...context, ...input, csrfToken: c.get("session").csrfToken };
  switch (review.kind) {
    case "change-set": {
      const [views, directories] = [await openFiles(reviews, review, from), await directoriesOf(review.files)];
      return changeSetPage(review, { views, from, directories }, whole);
    }
    case "call":
      return callPage(review, from, whole);
    case "content":
      return contentPage(review, from, whole);
  }
}

/** The differences that the page shows by itself. */
async function openFiles(
  reviews: Reviews,
  { id, files }: ChangeSetReview,
  from: number,
): Promise<Map<number, FileView>> {
  const views = new Map<number, FileView>();
  for (const number of await foremost(files, OPENED_FILES_MAX, from)) {
    const view = await reviews.file(id, files[number]?.path ?? "");
    if (view !== undefined) views.set(number, view);
  }
  return views;
}

const NAME_COOKIE = "ztl_name";

function rememberName(c: ServerContext, name: string): void {
  const attributes = "Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000";
  c.header("set-cookie", `${NAME_COOKIE}=${encodeURIComponent(name)}; ${attributes}`, { append: true });
}

/** The name that this browser signed with last. */
function rememberedName(c: ServerContext): string | undefined {
  const found = new RegExp(`(?:^|;\\s*)${NAME_COOKIE}=([^;]{1,1000})`).exec(c.req.header("cookie") ?? "")?.[1];
  try {
    return found === undefined ? undefined : decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

function noReview(c: ServerContext): Answer {
  return refuse(c, 404, "not-found", "There is no such review. It may be too old to be kept.");
}
