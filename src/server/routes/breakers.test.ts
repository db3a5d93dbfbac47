import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ReviewerSigner } from "../../loop/index.ts";
import { HASH, OTHER_HASH, openBreaker, openTestServer, type TestServer } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
beforeEach(() => {
  server.desk.open.length = 0;
  server.desk.decisions.length = 0;
});
after(() => server.close());

const asked = () => server.desk.decisions.map(({ what, options }) => [what, options]);
const text = async (path: string): Promise<string> => (await server.request(path)).text();

test("every page has the red button, and it stops all of them without a field to fill in", async () => {
  for (const path of ["/", "/reviews", "/runs", "/ledger", "/breakers", "/no-such-page"])
    assert.match(
      await text(path),
      /<form method="post" action="\/breakers\/open"[^>]*>[^<]*<p>[^<]*<\/p><button class="stop">Stop everything/,
      path,
    );
  const stopped = await server.form("/breakers/open", []);
  assert.deepEqual([stopped.status, stopped.headers.get("location")], [303, "/breakers"]);
  assert.deepEqual(asked(), [["open", { by: "tester" }]]);
  assert.match(await text("/breakers"), /All agents/);
  assert.match(await text("/"), /id="breakers"/);
});

test("a form of another origin stops nothing, nor does a browser without a session", async () => {
  const post = (headers: Record<string, string | null>) =>
    server.request("/breakers/open", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: "agent=",
    });
  for (const headers of [{ origin: "http://evil.example" }, { origin: null }, { "sec-fetch-site": "cross-site" }])
    assert.equal((await post(headers)).status, 403, JSON.stringify(headers));
  assert.equal((await post({ cookie: null })).status, 401);
  assert.deepEqual(asked(), []);
});

test("one agent or conversation is stopped with a reason; fields that were left empty ask for nothing", async () => {
  await server.form("/breakers/open", [
    ["agent", "writer"],
    ["conversation", ""],
    ["message", "It mails strangers"],
  ]);
  assert.deepEqual(asked(), [["open", { agent: "writer", message: "It mails strangers", by: "tester" }]]);
});

test("the page shows why, by whom and the evidence as text, and closes what was seen", async () => {
  const evil = `<script>alert(1)</script>`;
  const target = { scope: "conversation", agent: evil, conversation: evil } as const;
  const shown = {
    target,
    source: "monitor",
    reason: evil,
    openedBy: evil,
    evidence: { [evil]: evil },
    probeAt: Date.now(),
  } as const;
  server.desk.open.push(openBreaker("b1", shown));
  for (const path of ["/breakers", "/"]) assert.doesNotMatch(await text(path), /<script>alert/, path);
  assert.match(await text("/breakers"), /Evidence/);
  const close = (hash: string) =>
    server.form("/breakers/b1/close", [
      ["hash", hash],
      ["reviewer", "ann"],
    ]);
  assert.equal((await close(OTHER_HASH)).status, 409);
  assert.equal((await close(HASH)).status, 303);
  assert.deepEqual(asked().at(-1), ["close", { reviewer: "ann", hash: HASH }]);
  assert.match(await text("/breakers"), /Nothing is stopped/);
  const without = await server.request("/breakers/b1/close", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `hash=${HASH}&reviewer=ann`,
  });
  assert.equal(without.status, 403, "closing needs the token of the page");
});

test("the API lists, opens and closes; what does not fit is refused", async () => {
  const opened = (await (await server.api("/api/breakers/open", { agent: "writer", message: "stop" })).json()) as {
    id: string;
  };
  assert.deepEqual(asked(), [["open", { agent: "writer", message: "stop", by: "tester" }]]);
  const { breakers } = (await (await server.api("/api/breakers")).json()) as {
    breakers: { id: string; hash: string }[];
  };
  assert.deepEqual([breakers.length, breakers[0]?.id], [1, opened.id]);
  assert.equal((await server.api(`/api/breakers/${opened.id}/close`, { hash: OTHER_HASH })).status, 409);
  assert.equal((await server.api(`/api/breakers/${opened.id}/close`, { hash: HASH, reviewer: "ann" })).status, 200);
  assert.equal((await server.api(`/api/breakers/${opened.id}/close`, {})).status, 404);
  for (const body of [{ scope: "all" }, { agent: "" }, { message: 7 }, { message: "x".repeat(3000) }])
    assert.equal((await server.api("/api/breakers/open", body)).status, 422, JSON.stringify(body).slice(0, 40));
  const reading = await server.request("/api/breakers/open", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  assert.equal(reading.status, 401, "a browser's session only reads the API");
});

test("who comes with a reviewer's token acts as that reviewer", async () => {
  const token = `ztlr_${Buffer.alloc(32, 7).toString("base64url")}`;
  const { publicKey } = ReviewerSigner.fromToken("alice", token);
  server.desk.known.push({ name: "alice", publicKey, roles: [], origin: "token", addedAt: "2026-01-01T00:00:00.000Z" });
  const headers = { cookie: null, origin: null, authorization: `Bearer ${token}`, "content-type": "application/json" };
  await server.request("/api/breakers/open", { method: "POST", headers, body: "{}" });
  await server.request("/api/breakers/b0/close", {
    method: "POST",
    headers,
    body: JSON.stringify({ reviewer: "bob" }),
  });
  const [open, close] = server.desk.decisions;
  assert.deepEqual(open?.options, { by: "alice" });
  const options = close?.options as { reviewer: string; signer: ReviewerSigner };
  assert.deepEqual([options.reviewer, options.signer.reviewer], ["alice", "alice"]);
  server.desk.known.length = 0;
});
