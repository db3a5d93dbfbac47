import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { CloseResult, OpenBreaker, OpenRequest } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { type RefusalStatus, refuse } from "../refusal.ts";
import { parseJson, schemas } from "../requests.ts";
import type { ServerContext, ServerEnv } from "../server-env.ts";

type Refused = Exclude<CloseResult, { status: "closed" | "more-reviewers" }>;

export const CLOSE_STATUS: Readonly<Record<Refused["status"], RefusalStatus>> = {
  "not-found": 404,
  stale: 409,
  "not-allowed": 403,
};

export function closeMessage(refused: Refused): string {
  switch (refused.status) {
    case "not-found":
      return "There is no such breaker, or it is closed already.";
    case "stale":
      return "It was opened for another reason than the one that was shown: look at it again.";
    case "not-allowed":
      return `${refused.message} ${refused.remedy}`;
  }
}

/** What asks for something that is not there is answered; anything else is thrown. */
export async function tryToOpen(desk: Pick<Desk, "breakers">, request: OpenRequest): Promise<OpenBreaker | ZtlError> {
  try {
    return await desk.breakers.open(request);
  } catch (error) {
    if (ZtlError.isInstance(error) && NOT_OPENED.has(error.code)) return error;
    throw error;
  }
}

const NOT_OPENED: ReadonlySet<string> = new Set(["invalid-input", "unknown-agent", "run-not-found"]);

/** `/api/breakers`: what is stopped, stopping, and letting go on. Who comes with a reviewer's token acts as that reviewer. */
export function breakersApi(desk: Pick<Desk, "breakers">, owner: string): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get("/", (c) => c.json({ breakers: desk.breakers.list() }));
  api.post("/open", async (c) => {
    const body = await parseJson(c, schemas.openBreaker);
    if (!body.ok) return body.answer;
    const { reviewer, ...request } = defined(body.value);
    const by = c.get("signer")?.reviewer ?? reviewer ?? owner;
    const opened = await tryToOpen(desk, { ...request, by });
    return ZtlError.isInstance(opened) ? refuse(c, 422, opened.code, opened.message) : c.json(opened);
  });
  api.post("/:id/close", async (c) => {
    const body = await parseJson(c, schemas.closeBreaker);
    if (!body.ok) return body.answer;
    const signer = c.get("signer");
    const sent = defined(body.value);
    const reviewer = signer?.reviewer ?? sent.reviewer ?? sent.signature?.reviewer ?? owner;
    return closed(c, await desk.breakers.close(c.req.param("id"), { ...sent, ...defined({ signer }), reviewer }));
  });
  return api;
}

function closed(c: ServerContext, result: CloseResult): Response | Promise<Response> {
  if (result.status === "closed") return c.json(result);
  // Taken, and not acted on yet (RFC 9110, section 15.3.3).
  if (result.status === "more-reviewers") return c.json(result, 202);
  const { status, ...details } = result;
  return refuse(c, CLOSE_STATUS[status], status, closeMessage(result), details);
}
