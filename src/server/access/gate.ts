import type { Context, MiddlewareHandler } from "hono";
import type { ReviewerSigner } from "../../loop/index.ts";
import { BODY_BYTES_MAX, SESSION_MS } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { ServerEnv } from "../server-env.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { SignIns } from "./sign-ins.ts";

export interface GateOptions {
  readonly origins: readonly string[];
  readonly sessions: Sessions;
  readonly signIns: SignIns;
  /** Cookies do not know ports, so their names do. */
  readonly cookieName: string;
  readonly reviewerCookieName: string;
}

type Ctx = Context<ServerEnv>;
type Guard = MiddlewareHandler<ServerEnv>;

/**
 * The name in `Host` must be ours: a page whose own name was pointed at this machine (DNS rebinding) carries its own there.
 * Requests that another site, or another port of this machine, makes a browser send are refused unless they are a plain visit.
 */
export function expectOwnOrigin({ origins }: Pick<GateOptions, "origins">): Guard {
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  return async (c, next) => {
    const host = c.req.header("host") ?? "";
    if (!hosts.has(host)) {
      return refuse(c, 403, "wrong-host", `This server answers to ${[...hosts].join(" and ")} only.`);
    }
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isRead && c.req.method !== "POST") {
      return refuse(c, 405, "method-not-allowed", "This server knows GET and POST only.");
    }
    const site = c.req.header("sec-fetch-site");
    const isVisit =
      isRead && c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
    if (site !== undefined && site !== "same-origin" && site !== "none" && !isVisit) {
      return refuse(c, 403, "cross-site", "This request was made by a page of another site.");
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && origin !== `http://${host}`) {
      return refuse(c, 403, "foreign-origin", "This request was made by a page of another origin.");
    }
    return next();
  };
}

/** A body has a stated size and a bound. Node reads no more than was stated. */
export const expectSmallBody: Guard = async (c, next) => {
  if (c.req.method !== "POST") return next();
  const stated = c.req.header("content-length") ?? "";
  if (!/^\d{1,15}$/.test(stated) || c.req.header("transfer-encoding") !== undefined) {
    return refuse(c, 411, "length-required", "A request with a body must state its Content-Length.");
  }
  if (Number(stated) > BODY_BYTES_MAX) {
    return refuse(c, 413, "body-too-large", `A request may have ${BODY_BYTES_MAX} bytes; this one has ${stated}.`);
  }
  return next();
};

/** Whether what a request came with opens anything now: an answer that goes on for hours must end when it does not any more. */
export function mayStay(c: Ctx, options: GateOptions): boolean {
  const bearer = bearerOf(c);
  if (bearer === undefined) return sessionOf(c, options) !== undefined;
  return options.sessions.isToken(bearer) || options.signIns.isReviewers(bearer);
}

function bearerOf(c: Ctx): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/** The API takes the token itself, the server's or a reviewer's, who then decides; what only reads may also be asked by a browser that has a session. */
export function expectApiCaller(options: GateOptions): Guard {
  return async (c, next) => {
    const bearer = bearerOf(c);
    if (bearer !== undefined && options.sessions.isToken(bearer)) return next();
    if (bearer?.startsWith("ztlr_")) {
      const found = options.signIns.look(bearer);
      if (found.status === "wait") return tooMany(c, found.waitMs);
      if (found.status === "known") {
        c.set("signer", found.signer);
        return next();
      }
    }
    if (bearer === undefined && c.req.method !== "POST" && sessionOf(c, options) !== undefined) return next();
    c.header("www-authenticate", 'Bearer realm="zero-trust-loop"');
    return refuse(c, 401, "token-required", "Send the token that the server printed: Authorization: Bearer …");
  };
}

/** Pages need a session; the address with the token in it begins one, and the token leaves the address at once. */
export function expectSession(options: GateOptions): Guard {
  return async (c, next) => {
    const token = c.req.method === "GET" ? c.req.query("token") : undefined;
    if (token !== undefined && options.sessions.isToken(token)) return openPage(c, options);
    const session = sessionOf(c, options);
    if (session === undefined) {
      const hint =
        token === undefined
          ? "Open the address that the server printed, with its token."
          : "This token is not the server's.";
      return refuse(c, 401, "session-required", hint);
    }
    c.set("session", session);
    c.set("signer", signerOf(c, options));
    return next();
  };
}

function openPage(c: Ctx, options: GateOptions): Response {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.delete("token");
  // One slash at the beginning: two would lead to another host.
  const path = `/${pathname.replace(/^[/\\]+/, "")}`;
  setCookie(c, options.cookieName, options.sessions.begin());
  return c.redirect(searchParams.size > 0 ? `${path}?${searchParams}` : path, 303);
}

export function setCookie(c: Ctx, name: string, value: string): void {
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1000}`;
  c.header("set-cookie", `${name}=${value}; ${attributes}`, { append: true });
}

/** Of a browser that showed the server's token; or of one in which a reviewer is signed in, for as long as that lasts. */
export function sessionOf(
  c: Ctx,
  { sessions, cookieName, signIns, reviewerCookieName }: GateOptions,
): Session | undefined {
  const begun = cookieOf(c, cookieName)
    .map((value) => sessions.find(value))
    .find((session) => session !== undefined);
  if (begun !== undefined) return begun;
  const signedIn = cookieOf(c, reviewerCookieName).find((value) => signIns.find(value) !== undefined);
  return signedIn === undefined ? undefined : sessions.ofSignIn(signedIn);
}

/** Who is signed in with this browser. */
export function signerOf(c: Ctx, { signIns, reviewerCookieName }: GateOptions): ReviewerSigner | undefined {
  return cookieOf(c, reviewerCookieName)
    .map((value) => signIns.find(value))
    .find((signer) => signer !== undefined);
}

/** A browser may send several of one name. */
export function cookieOf(c: Ctx, name: string): readonly string[] {
  const cookies = (c.req.header("cookie") ?? "").split(";").map((pair) => pair.trim());
  return cookies.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

export function tooMany(c: Ctx, waitMs: number): Response | Promise<Response> {
  c.header("retry-after", String(Math.ceil(waitMs / 1000)));
  return refuse(c, 429, "too-many-attempts", "Too many wrong tokens were given here: wait a moment.");
}
