import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import type { Entry, ReplayOutcome } from "../../loop/index.ts";
import type { Desk, EntryContent } from "../desk.ts";
import { API_LIMIT_MAX, ENTRIES_PER_PAGE, RUNS_PER_PAGE } from "../limits.ts";
import type { GivenText } from "../pages/differential.ts";
import { entryPage } from "../pages/entry.ts";
import { ledgerPage } from "../pages/ledger.ts";
import { runPage, type SeenText } from "../pages/run.ts";
import { runsPage } from "../pages/runs.ts";
import { timelinePage } from "../pages/timeline.ts";
import { refuse } from "../refusal.ts";
import type { Replays } from "../replays.ts";
import { parseForm, parseQuery, schemas } from "../requests.ts";
import type { ServerContext, ServerEnv } from "../server-env.ts";
import type { Verifications } from "../verifications.ts";

export interface RecordsServices {
  readonly desk: Desk;
  readonly replays: Replays;
  readonly verifications: Verifications;
}

/** The pages of what happened. */
export function recordsRoutes({ desk, replays, verifications }: RecordsServices): Hono<ServerEnv> {
  const { records, ledger } = desk;
  const routes = new Hono<ServerEnv>();
  routes.get("/runs", async (c) => {
    const query = parseQuery(c, schemas.runsPageQuery);
    if (!query.ok) return query.answer;
    const { before, any, ...given } = query.value;
    // Ticked alone, any finding will do, which is one whose name begins with nothing.
    const filter = defined({ ...given, finding: given.finding ?? (any === "on" ? "" : undefined) });
    const found = await records.runs({ limit: RUNS_PER_PAGE, ...defined({ beforeIndex: before }), ...filter });
    return c.html(runsPage({ ...found, filter, isFirst: before === undefined }));
  });
  routes.get("/runs/:id", (c) => showRun(c, desk));
  routes.get("/timeline", async (c) => {
    const query = parseQuery(c, schemas.timelinePageQuery);
    if (!query.ok) return query.answer;
    const { conversation, agent } = query.value;
    const timeline = await records.timeline(conversation, agent);
    if (timeline === undefined) return refuse(c, 404, "not-found", "There is no such conversation.");
    return c.html(timelinePage(timeline));
  });
  routes.post("/runs/:id/replay", async (c) => {
    const form = await parseForm(c);
    if (!form.ok) return form.answer;
    const outcome = await replays.run(c.req.param("id"), c.req.raw.signal);
    if (outcome.status === "busy")
      return refuse(c, 429, "busy", "Another run is being repeated: try again when it is done.");
    return showRun(c, desk, outcome);
  });
  routes.get("/ledger", async (c) => {
    const query = parseQuery(c, schemas.pageQuery);
    if (!query.ok) return query.answer;
    const { before, verify } = query.value;
    const verified = verify === "now" ? await verifications.now() : await verifications.glance();
    const entries = ledger.query({
      order: "last",
      limit: ENTRIES_PER_PAGE,
      ...defined({ toIndex: before }),
    });
    const last = entries.at(-1)?.index ?? 0;
    return c.html(
      ledgerPage({
        head: ledger.head(),
        entries,
        before: last > 0 ? last : undefined,
        isFirst: before === undefined,
        verified,
      }),
    );
  });
  routes.get("/ledger/:index", (c) => {
    const query = parseQuery(c, schemas.pageQuery);
    if (!query.ok) return query.answer;
    const index = /^\d{1,15}$/.test(c.req.param("index")) ? Number(c.req.param("index")) : -1;
    const entry = index < 0 ? undefined : ledger.entry(index);
    if (entry === undefined) return refuse(c, 404, "not-found", "The ledger has no such entry.");
    return c.html(entryPage(entry, ledger.head()?.size === index + 1, query.value.from));
  });
  return routes;
}

async function showRun(
  c: ServerContext,
  { records, reviews, ledger }: Desk,
  replay?: ReplayOutcome,
): Promise<Response> {
  const record = await records.run(c.req.param("id") ?? "");
  if (record === undefined) return refuse(c, 404, "not-found", "There is no such run.");
  const read = async (content: EntryContent): Promise<string> =>
    Buffer.from(await ledger.content(content)).toString("utf8");
  const seen = await Promise.all(
    record.entries.flatMap((entry) => (hasFindings(entry) ? [seenText(entry, read)] : [])),
  );
  const given = await Promise.all(record.entries.flatMap((entry) => (isGiven(entry) ? [givenText(entry, read)] : [])));
  const asked = await reviews.list({ state: "all", limit: API_LIMIT_MAX });
  const { csrfToken } = c.get("session");
  const view = { record, seen, given, csrfToken, reviews: asked.filter(({ runId }) => runId === record.row.runId) };
  return c.html(runPage(replay === undefined ? view : { ...view, replay }));
}

type EntryOf<K extends Entry["kind"]> = Extract<Entry, { kind: K }>;

function hasFindings(entry: Entry): entry is EntryOf<"verdict"> {
  return entry.kind === "verdict" && entry.body.findings.length > 0;
}

async function seenText(
  { body }: EntryOf<"verdict">,
  read: (content: EntryContent) => Promise<string>,
): Promise<SeenText> {
  const { subject, verdict, findings, content } = body;
  return { subject, verdict, findings, ...defined({ text: content && (await read(content)) }) };
}

/** What an agent was given; the differential counts its texts in the same order. */
function isGiven(entry: Entry): entry is EntryOf<"given"> {
  return entry.kind === "given";
}

async function givenText(
  { body, index }: EntryOf<"given">,
  read: (content: EntryContent) => Promise<string>,
): Promise<GivenText> {
  const pieces = await Promise.all(body.contents.map(read));
  return { label: `entry ${index}`, text: pieces.join("\n") };
}
