import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RUNS_PER_PAGE } from "../limits.ts";
import { openTestServer, type TestServer } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());
beforeEach(() => {
  server.desk.queries.length = 0;
});

const ALL = {
  ...{ agent: "researcher", tool: "web fetch", conversation: "a&b=c", status: "failed", verdict: "flag" },
  ...{ finding: "chat", since: "2026-11-27T09:30Z", until: "2026-11-28T00:00:00Z", search: "50% +&?#" },
};
const ASKED = { ...ALL, since: "2026-11-27T09:30:00.000Z", until: "2026-11-28T00:00:00.000Z" };

test("the page and the API look for runs by all that ztl runs does", async () => {
  const query = new URLSearchParams(ALL);
  assert.equal((await server.request(`/runs?${query}&before=17`)).status, 200);
  assert.equal((await server.api(`/api/runs?${query}&beforeIndex=17&limit=3`)).status, 200);
  assert.deepEqual(server.desk.queries, [
    { ...ASKED, limit: RUNS_PER_PAGE, beforeIndex: 17 },
    { ...ASKED, limit: 3, beforeIndex: 17 },
  ]);
});

test("the form's empty fields ask for nothing, its tick for any finding; it shows what was asked for", async () => {
  const empty = Object.keys(ALL).map((name): [string, string] => [name, ""]);
  await server.request(`/runs?${new URLSearchParams(empty)}`);
  await server.request(`/runs?${new URLSearchParams([...empty, ["any", "on"]])}`);
  await server.api("/api/runs?finding=");
  const { queries } = server.desk;
  assert.deepEqual(
    queries.map(({ limit: _, ...filter }) => filter),
    [{}, { finding: "" }, { finding: "" }],
  );
  const page = await (await server.request(`/runs?${new URLSearchParams(ALL)}`)).text();
  for (const [name, value] of Object.entries({
    agent: "researcher",
    conversation: "a&amp;b=c",
    search: "50% +&amp;?#",
  }))
    assert.ok(page.includes(`name="${name}" value="${value}"`), name);
  assert.match(page, /<option selected>failed<\/option>/);
  assert.match(page, /No recorded call matches/);
});

test("pages that follow are of the same search", async () => {
  const page = await (await server.request(`/runs?${new URLSearchParams(ALL)}&before=5`)).text();
  const newest = /<a href="([^"]+)">Newest/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
  await server.request(newest);
  assert.deepEqual(server.desk.queries.at(-1), { ...ASKED, limit: RUNS_PER_PAGE });
});

test("what is no time, status or verdict is told, and not left aside", async () => {
  for (const query of ["since=yesterday", "until=99", "status=fine", "verdict=maybe", `search=${"x".repeat(2000)}`])
    for (const answer of [await server.request(`/runs?${query}`), await server.api(`/api/runs?${query}`)])
      assert.equal(answer.status, 422, query);
  assert.equal((await server.api("/api/runs?colour=red")).status, 422);
  assert.deepEqual(server.desk.queries, []);
});
