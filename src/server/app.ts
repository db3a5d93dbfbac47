import { Hono } from "hono";
import { ZtlError } from "../errors.ts";
import { expectApiCaller, expectOwnOrigin, expectSession, expectSmallBody, mayStay } from "./access/gate.ts";
import { securityHeaders } from "./access/headers.ts";
import { Sessions } from "./access/sessions.ts";
import { SignIns } from "./access/sign-ins.ts";
import { breakersApi } from "./api/breakers.ts";
import { ledgerApi } from "./api/ledger.ts";
import { reviewsApi } from "./api/reviews.ts";
import { runsApi, timelineApi } from "./api/runs.ts";
import { loadAssets } from "./assets.ts";
import type { Desk } from "./desk.ts";
import { Feed } from "./events/feed.ts";
import { EventStreams } from "./events/stream.ts";
import { refuse } from "./refusal.ts";
import { Replays } from "./replays.ts";
import { breakersRoutes } from "./routes/breakers.ts";
import { recordsRoutes } from "./routes/records.ts";
import { reviewsRoutes } from "./routes/reviews.ts";
import { signInRoutes, signOutRoutes } from "./routes/sign-in.ts";
import type { ServerEnv } from "./server-env.ts";
import { Verifications } from "./verifications.ts";

export interface AppSettings {
  /** The addresses under which a browser may reach it, such as `http://127.0.0.1:4711`. */
  readonly origins: readonly string[];
  readonly token: string;
  /** Signs decisions that come without a name. */
  readonly reviewer: string;
  /** Ends the event streams. */
  readonly closing: AbortSignal;
}

/** Everything the server answers, apart from the sockets it listens on. */
export function createApp(desk: Desk, { origins, token, reviewer, closing }: AppSettings): Hono<ServerEnv> {
  const port = new URL(origins[0] as string).port || "80";
  const gate = {
    ...{ origins, sessions: new Sessions(token), signIns: new SignIns(desk.reviewers) },
    ...{ cookieName: `ztl_session_${port}`, reviewerCookieName: `ztl_reviewer_${port}` },
  };
  const verifications = new Verifications(desk);
  const replays = new Replays(desk.records);
  const streams = new EventStreams(new Feed(desk), closing);
  const assets = loadAssets();

  const app = new Hono<ServerEnv>();
  app.use(securityHeaders, expectOwnOrigin(gate), expectSmallBody);
  app.get("/static/:name", (c) => {
    const asset = assets.get(c.req.param("name"));
    if (asset === undefined) return refuse(c, 404, "not-found", "There is no such file.");
    return c.body(asset.body, 200, { "content-type": asset.type });
  });
  app.use("/api/*", expectApiCaller(gate));
  app.get("/api/events", (c) => streams.open(c, () => mayStay(c, gate)));
  app.route("/api/breakers", breakersApi(desk, reviewer));
  app.route("/api/reviews", reviewsApi(desk, reviewer));
  app.route("/api/runs", runsApi(desk, replays));
  app.route("/api/timeline", timelineApi(desk));
  app.route("/api/ledger", ledgerApi(desk, verifications));
  app.all("/api/*", (c) => refuse(c, 404, "not-found", "The API has no such address."));
  app.route("/", signInRoutes(gate));
  app.use(expectSession(gate));
  app.route("/", signOutRoutes(gate));
  app.route("/", reviewsRoutes(desk, { reviewer, signIns: gate.signIns }));
  app.route("/", breakersRoutes(desk, { reviewer, signIns: gate.signIns }));
  app.route("/", recordsRoutes({ desk, replays, verifications }));
  app.notFound((c) => refuse(c, 404, "not-found", "There is no page at this address."));
  app.onError((error, c) => {
    // Codes and messages of ours say what is wrong; of anything else, a page tells nothing.
    const [code, message] = ZtlError.isInstance(error)
      ? [error.code, error.message]
      : ["internal", "The server failed."];
    if (code === "internal") process.emitWarning(error, { type: "ZtlServerError" });
    return refuse(c, 500, code, message.toWellFormed());
  });
  return app;
}
