import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import type { RunRecord } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { RUNS_PER_PAGE } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { Replays } from "../replays.ts";
import { parseJson, parseQuery, schemas } from "../requests.ts";
import type { ServerEnv } from "../server-env.ts";

/** `/api/runs`: what agents did. */
export function runsApi({ records }: Pick<Desk, "records">, replays: Replays): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get("/", async (c) => {
    const query = parseQuery(c, schemas.runsQuery);
    if (!query.ok) return query.answer;
    return c.json(await records.runs(defined({ limit: RUNS_PER_PAGE, ...query.value })));
  });
  api.get("/:id", async (c) => {
    const record = await records.run(c.req.param("id"));
    return record === undefined ? refuse(c, 404, "not-found", "There is no such run.") : c.json(asJson(record));
  });
  api.post("/:id/replay", async (c) => {
    const body = await parseJson(c, schemas.nothing);
    if (!body.ok) return body.answer;
    const outcome = await replays.run(c.req.param("id"), c.req.raw.signal);
    if (outcome.status === "busy")
      return refuse(c, 429, "busy", "Another run is being repeated: try again when it is done.");
    if (outcome.status === "not-found") return refuse(c, 404, "not-found", "There is no such run.");
    return c.json(outcome);
  });
  return api;
}

/** `/api/timeline`: one conversation, with where its arguments came from. */
export function timelineApi({ records }: Pick<Desk, "records">): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get("/", async (c) => {
    const query = parseQuery(c, schemas.timelineQuery);
    if (!query.ok) return query.answer;
    const timeline = await records.timeline(query.value.conversation, query.value.agent);
    return timeline === undefined ? refuse(c, 404, "not-found", "There is no such conversation.") : c.json(timeline);
  });
  return api;
}

/** Output is bytes, which JSON does not have. */
function asJson({ stdout, stderr, ...record }: RunRecord): object {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return { ...record, stdoutBase64: base64(stdout), stderrBase64: base64(stderr) };
}
