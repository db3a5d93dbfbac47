import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import type { DecisionResult, DecisionSignature } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { REVIEWS_SHOWN_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { parseJson, parseQuery, schemas } from "../requests.ts";
import type { ServerContext, ServerEnv } from "../server-env.ts";
import { json } from "../show/json.ts";
import { messageOf, STATUS_OF } from "./decisions.ts";

/**
 * `/api/reviews`: what waits for a person, and the decisions. Who comes with a reviewer's token decides as that reviewer; a decision
 * that names nobody is in the name of `owner`.
 */
export function reviewsApi({ reviews }: Pick<Desk, "reviews">, owner: string): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get("/", async (c) => {
    const query = parseQuery(c, schemas.reviewsQuery);
    if (!query.ok) return query.answer;
    const { limit = REVIEWS_SHOWN_MAX, ...filter } = defined(query.value);
    const found = await reviews.list({ ...filter, limit: limit + 1 });
    const page = found.slice(0, limit);
    // Where the next page begins; absent on the last one.
    return c.json({ reviews: page, ...defined({ next: found.length > limit ? page.at(-1)?.id : undefined }) });
  });
  api.get("/:id", async (c) => {
    const review = await reviews.get(c.req.param("id"));
    return review === undefined ? notFound(c) : json(c, review);
  });
  api.get("/:id/file", async (c) => {
    const query = parseQuery(c, schemas.fileQuery);
    if (!query.ok) return query.answer;
    const file = await reviews.file(c.req.param("id"), query.value.path);
    return file === undefined ? notFound(c) : json(c, file);
  });
  api.post("/:id/approve", async (c) => {
    const body = await parseJson(c, schemas.approve);
    if (!body.ok) return body.answer;
    return decided(c, await reviews.approve(c.req.param("id"), decider(c, owner, body.value)));
  });
  api.post("/:id/reject", async (c) => {
    const body = await parseJson(c, schemas.reject);
    if (!body.ok) return body.answer;
    return decided(c, await reviews.reject(c.req.param("id"), decider(c, owner, body.value)));
  });
  api.post("/:id/revoke", async (c) => {
    const body = await parseJson(c, schemas.revoke);
    if (!body.ok) return body.answer;
    return decided(c, await reviews.revoke(c.req.param("id"), decider(c, owner, body.value)));
  });
  api.post("/:id/rebase", async (c) => {
    const body = await parseJson(c, schemas.rebase);
    if (!body.ok) return body.answer;
    const result = await reviews.rebase(c.req.param("id"), decider(c, owner, body.value));
    return result.status === "rebased" ? json(c, result) : decided(c, result);
  });
  for (const reversal of ["undo", "redo"] as const) {
    api.post(`/:id/${reversal}`, async (c) => {
      const body = await parseJson(c, schemas.reverse);
      if (!body.ok) return body.answer;
      return decided(c, await reviews[reversal](c.req.param("id"), decider(c, owner, body.value)));
    });
  }
  return api;
}

/** The body, and who stands behind it. */
function decider<T extends Sent>(c: ServerContext, owner: string, body: T) {
  const signer = c.get("signer");
  if (signer !== undefined) return { ...defined(body), reviewer: signer.reviewer, signer };
  return { reviewer: body.signature?.reviewer ?? owner, ...defined(body) };
}

interface Sent {
  readonly reviewer?: string | undefined;
  readonly signature?: DecisionSignature | undefined;
}

function decided(c: ServerContext, result: DecisionResult): Response | Promise<Response> {
  if (result.status === "done") return json(c, result);
  // Taken, and not acted on yet (RFC 9110, section 15.3.3).
  if (result.status === "more-reviewers") return c.json(result, 202);
  const { status, ...details } = result;
  return refuse(
    c,
    STATUS_OF[status],
    status,
    messageOf(result),
    "error" in details ? { reason: details.error.code } : details,
  );
}

function notFound(c: ServerContext): Response | Promise<Response> {
  return refuse(c, 404, "not-found", "There is no such review or file.");
}
