import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { BODY_BYTES_MAX } from "../limits.ts";
import { changedFile, HASH, openTestServer, summary, type TestServer, TOKEN } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());
beforeEach(() => {
  server.desk.all.clear();
  server.desk.decisions.length = 0;
  server.desk.add({ ...summary("one"), kind: "change-set", files: [changedFile("/a.txt")], conflicts: [] });
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const formBody = (csrf = server.csrfToken): string =>
  new URLSearchParams({ csrf, hash: HASH, reviewer: "mallory", scope: "all" }).toString();

test("a request under another name is refused: DNS rebinding", async () => {
  const names = [
    "evil.example",
    "evil.example:4711",
    "127.0.0.1",
    "127.0.0.1:4712",
    "localhost",
    "127.0.0.1:4711.evil.example",
    "[::1]:4711",
  ];
  for (const host of names) {
    const answer = await server.request("/", { headers: { host } });
    assert.equal(answer.status, 403, host);
    assert.doesNotMatch(await answer.text(), /Waiting for you/);
  }
  assert.equal((await server.request("/", { headers: { host: null } })).status, 403);
  assert.equal((await server.request("/", { headers: { host: "localhost:4711" } })).status, 200);
});

test("without a session every page is refused, and says how to get one", async () => {
  for (const path of [
    "/",
    "/reviews",
    "/reviews/one",
    "/reviews/one/files/0",
    "/runs",
    "/runs/x",
    "/ledger",
    "/ledger/0",
  ]) {
    const answer = await server.request(path, { headers: { cookie: null } });
    assert.equal(answer.status, 401, path);
    assert.match(await answer.text(), /ztl serve/);
  }
  const api = await server.request("/api/reviews", { headers: { cookie: null } });
  assert.equal(api.status, 401);
  assert.equal(((await api.json()) as { error: { code: string } }).error.code, "token-required");
});

test("a wrong token begins nothing; the right one leaves the address", async () => {
  for (const token of ["", "x", TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase()]) {
    const answer = await server.request(`/?token=${token}`, { headers: { cookie: null } });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("set-cookie"), null);
  }
  const answer = await server.request(`/runs?agent=a%26b&token=${TOKEN}`, { headers: { cookie: null } });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), "/runs?agent=a%26b");
  assert.match(answer.headers.get("set-cookie") ?? "", /^ztl_session_4711=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict/);
});

test("the redirect stays on this host whatever the path says", async () => {
  for (const path of ["//evil.example/", "/\\evil.example/", "///evil.example"]) {
    const answer = await server.request(`${path}?token=${TOKEN}`, { headers: { cookie: null } });
    assert.match(answer.headers.get("location") ?? "", /^\/(?![/\\])/, path);
  }
});

test("a forged or old session is none", async () => {
  const cookie = (value: string) => ({ cookie: `ztl_session_4711=${value}` });
  const begun = Date.now().toString(36);
  for (const value of ["", "x", `${begun}.${"a".repeat(22)}.${"a".repeat(43)}`, "..", `${begun}..${"a".repeat(43)}`]) {
    assert.equal((await server.request("/", { headers: cookie(value) })).status, 401, value);
  }
});

test("the API wants the token for whatever changes something; a session may only read", async () => {
  assert.equal((await server.request("/api/reviews")).status, 200);
  const body = JSON.stringify({ hash: HASH });
  const answer = await server.request("/api/reviews/one/approve", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.equal(answer.status, 401);
  const wrong = { authorization: `Bearer ${TOKEN}x`, "content-type": "application/json" };
  assert.equal(
    (await server.request("/api/reviews/one/approve", { method: "POST", headers: wrong, body })).status,
    401,
  );
  assert.equal((await server.request("/api/reviews", { headers: { authorization: `Bearer ${TOKEN}x` } })).status, 401);
  assert.deepEqual(server.desk.decisions, []);
});

test("a form from another place decides nothing", async () => {
  const attempts: Record<string, string | null>[] = [
    { origin: "https://evil.example" },
    { origin: "http://127.0.0.1:9999" },
    { origin: "http://localhost:4711" },
    { origin: "null" },
    { origin: null },
    { origin: null, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  ];
  for (const headers of attempts) {
    const answer = await server.request("/reviews/one/approve", {
      method: "POST",
      headers: { ...FORM, ...headers },
      body: formBody(),
    });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(server.desk.decisions, []);
});

test("a form without this session's own token decides nothing", async () => {
  for (const csrf of ["", "x", TOKEN, "a".repeat(43)]) {
    const answer = await server.request("/reviews/one/approve", {
      method: "POST",
      headers: FORM,
      body: formBody(csrf),
    });
    assert.equal(answer.status, 403, csrf);
  }
  const text = { "content-type": "text/plain" };
  assert.equal(
    (await server.request("/reviews/one/approve", { method: "POST", headers: text, body: formBody() })).status,
    415,
  );
  assert.deepEqual(server.desk.decisions, []);
  const own = await server.request("/reviews/one/approve", { method: "POST", headers: FORM, body: formBody() });
  assert.equal(own.status, 303);
});

test("what another site embeds or fetches is refused; a visit is not", async () => {
  const fetched = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
  assert.equal((await server.request("/", { headers: fetched })).status, 403);
  const framed = { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
  assert.equal((await server.request("/", { headers: framed })).status, 403);
  const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  assert.equal((await server.request("/", { headers: visit })).status, 200);
});

test("a GET changes nothing, other methods are unknown", async () => {
  for (const path of ["/reviews/one/approve", "/reviews/one/reject", "/reviews/one/undo", "/runs/one/replay"]) {
    assert.equal((await server.request(`${path}?${formBody()}`)).status, 404, path);
    assert.equal((await server.api(`/api${path}`)).status, 404, path);
  }
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
    assert.equal((await server.request("/reviews/one/approve", { method })).status, 405, method);
  }
  assert.deepEqual(server.desk.decisions, []);
});

test("a body has a stated, bounded size", async () => {
  const huge = `${formBody()}&message=${"x".repeat(BODY_BYTES_MAX)}`;
  assert.equal(
    (await server.request("/reviews/one/approve", { method: "POST", headers: FORM, body: huge })).status,
    413,
  );
  const silent = { ...FORM, "content-length": null };
  assert.equal(
    (await server.request("/reviews/one/approve", { method: "POST", headers: silent, body: formBody() })).status,
    411,
  );
  const chunked = { ...FORM, "transfer-encoding": "chunked" };
  assert.equal(
    (await server.request("/reviews/one/approve", { method: "POST", headers: chunked, body: formBody() })).status,
    411,
  );
  assert.deepEqual(server.desk.decisions, []);
});

test("every answer carries the policy, refusals and failures too", async () => {
  server.desk.reviews.get = () => Promise.reject(new Error("secret of the server"));
  const paths = ["/", "/static/page.css", "/static/none", "/nothing", "/api/nothing", "/api/reviews", "/reviews/one"];
  const answers = await Promise.all([
    ...paths.map((path) => server.request(path)),
    server.request("/", { headers: { host: "evil.example" } }),
    server.request("/", { headers: { cookie: null } }),
    server.request("/", { method: "PUT" }),
    server.request(`/?token=${TOKEN}`),
    server.request("/reviews/one/approve", { method: "POST", headers: { origin: "https://evil.example" }, body: "" }),
  ]);
  for (const answer of answers) {
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(
      policy,
      /^default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; /,
    );
    assert.match(policy, /form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/);
    assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(answer.headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
    assert.doesNotMatch(await answer.text(), /secret of the server/);
  }
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 404, 404, 404, 200, 500, 403, 401, 405, 303, 403],
  );
});
