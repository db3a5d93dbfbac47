import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { SignIns } from "../access/sign-ins.ts";
import { CLOSE_STATUS, tryToOpen } from "../api/breakers.ts";
import type { Desk } from "../desk.ts";
import { breakersPage, refusedClosing } from "../pages/breakers.ts";
import type { Decider } from "../pages/decision-form.ts";
import { parseForm, parseFormFields, parseOwnForm, schemas } from "../requests.ts";
import type { ServerContext, ServerEnv } from "../server-env.ts";

interface Deciders {
  /** Who acts where nobody has to sign in. */
  readonly reviewer: string;
  readonly signIns: SignIns;
}

/** The page of what is stopped, and the red button that all pages have. */
export function breakersRoutes(desk: Desk, { reviewer, signIns }: Deciders): Hono<ServerEnv> {
  const who = (c: ServerContext): Decider => {
    const signer = c.get("signer");
    if (signer !== undefined) return { name: signer.reviewer, is: "signed-in" };
    return { name: reviewer, is: signIns.isNeeded ? "nobody" : "anybody" };
  };
  const shown = (c: ServerContext, refused?: { readonly heading: string; readonly advice: string }) =>
    breakersPage({
      ...{ breakers: desk.breakers.list(), who: who(c), csrfToken: c.get("session").csrfToken },
      ...defined({ refused }),
    });
  const routes = new Hono<ServerEnv>();
  routes.get("/breakers", (c) => c.html(shown(c)));
  // It is on every page, also on those that know of no session; a browser says whose form it sends, and that is enough to stop.
  routes.post("/breakers/open", async (c) => {
    const sent = await parseOwnForm(c);
    if (!sent.ok) return sent.answer;
    const form = parseFormFields(c, schemas.openBreakerForm, sent.value);
    if (!form.ok) return form.answer;
    const opened = await tryToOpen(desk, { ...defined(form.value), by: who(c).name });
    if (!ZtlError.isInstance(opened)) return c.redirect("/breakers", 303);
    return c.html(shown(c, { heading: "Nothing was stopped", advice: opened.message }), 422);
  });
  routes.post("/breakers/:id/close", async (c) => {
    const sent = await parseForm(c);
    if (!sent.ok) return sent.answer;
    const form = parseFormFields(c, schemas.closeBreakerForm, sent.value);
    if (!form.ok) return form.answer;
    const signer = c.get("signer");
    const by = { reviewer: signer?.reviewer ?? form.value.reviewer, hash: form.value.hash, ...defined({ signer }) };
    const result = await desk.breakers.close(c.req.param("id"), by);
    if (result.status === "closed") return c.redirect("/breakers", 303);
    const status = result.status === "more-reviewers" ? 202 : CLOSE_STATUS[result.status];
    return c.html(shown(c, refusedClosing(result)), status);
  });
  return routes;
}
