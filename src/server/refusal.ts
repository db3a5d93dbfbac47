import { messagePage } from "./pages/message.ts";
import type { ServerContext } from "./server-env.ts";
import { json } from "./show/json.ts";

/** HTTP statuses of refusals (RFC 9110). */
export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 409 | 411 | 413 | 415 | 422 | 429 | 500 | 503;

/** An answer that says no, in the form the caller reads: JSON for the API, a page for people. `message` is ours. */
export function refuse(
  c: ServerContext,
  status: RefusalStatus,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Response | Promise<Response> {
  if (c.req.path.startsWith("/api/")) return json(c, { error: { code, message, ...details } }, status);
  return c.html(messagePage({ status, code, message }), status);
}
