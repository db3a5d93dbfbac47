import { Hono } from "hono";
import { cookieOf, type GateOptions, sessionOf, setCookie, signerOf, tooMany } from "../access/gate.ts";
import { signInPage } from "../pages/sign-in.ts";
import { parseForm, parseOwnForm } from "../requests.ts";
import type { ServerEnv } from "../server-env.ts";

/** Before the pages that need a session: while a reviewer is signed in, that is one. */
export function signInRoutes(gate: GateOptions): Hono<ServerEnv> {
  const { signIns } = gate;
  const routes = new Hono<ServerEnv>();
  routes.get("/sign-in", (c) => {
    const name = signerOf(c, gate)?.reviewer;
    return c.html(signInPage({ name, csrfToken: sessionOf(c, gate)?.csrfToken, next: nextOf(c.req.query("next")) }));
  });
  routes.post("/sign-in", async (c) => {
    const form = await parseOwnForm(c);
    if (!form.ok) return form.answer;
    const next = nextOf(form.value.get("next") ?? undefined);
    const found = signIns.look((form.value.get("token") ?? "").trim());
    if (found.status === "wait") return tooMany(c, found.waitMs);
    if (found.status === "unknown")
      return c.html(signInPage({ next, problem: "This is not the token of a reviewer here." }), 401);
    setCookie(c, gate.reviewerCookieName, signIns.begin(found.signer));
    return c.redirect(next, 303);
  });
  return routes;
}

/** Behind the session: its token shows that the form is ours. */
export function signOutRoutes(gate: GateOptions): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  routes.post("/sign-out", async (c) => {
    const form = await parseForm(c);
    if (!form.ok) return form.answer;
    for (const cookie of cookieOf(c, gate.reviewerCookieName)) gate.signIns.end(cookie);
    // Who goes away from this browser leaves nothing in it that opens a page, however it was opened.
    for (const cookie of cookieOf(c, gate.cookieName)) gate.sessions.end(cookie);
    return c.redirect("/sign-in", 303);
  });
  return routes;
}

/** A page of ours and nothing else: an address from outside must not lead away after signing in. */
function nextOf(given: string | undefined): string {
  return given !== undefined && /^\/reviews\/[0-9a-f-]{1,64}$/.test(given) ? given : "/";
}
