import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { ReviewerSigner } from "../../loop/index.ts";
import { ATTEMPT_EVERY_MS, ATTEMPTS_AT_ONCE, ENDED_SESSIONS_MAX } from "../limits.ts";
import { HASH, ORIGIN, openTestServer, summary, type TestServer, TOKEN } from "../testing.ts";
import { Attempts } from "./attempts.ts";
import { Sessions } from "./sessions.ts";

const newToken = (): string => `ztlr_${randomBytes(32).toString("base64url")}`;
const ALICE = newToken();
const FORM = { "content-type": "application/x-www-form-urlencoded" };
let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());
beforeEach(() => {
  const { desk } = server;
  desk.known.length = 0;
  desk.all.clear();
  desk.decisions.length = 0;
  const { publicKey } = ReviewerSigner.fromToken("alice", ALICE);
  desk.known.push({ name: "alice", publicKey, roles: [], origin: "token", addedAt: "2026-11-27T12:00:00.000Z" });
  const decision = { decision: "ask", rule: "r", reason: "r", considered: [] } as const;
  desk.add({ ...summary("one"), kind: "call", input: "{}", decision });
});

function signIn(token: string, headers: Record<string, string | null> = {}, next?: string): Promise<Response> {
  const body = new URLSearchParams({ token, ...(next !== undefined && { next }) }).toString();
  return server.request("/sign-in", { method: "POST", headers: { ...FORM, cookie: null, ...headers }, body });
}

/** The cookies that an answer sets, as a browser sends them back. */
const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");

async function csrfOf(path: string, cookie: string): Promise<string> {
  const page = await (await server.request(path, { headers: { cookie } })).text();
  return /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
}

test("whoever signs in decides as that reviewer, whatever name the form says", async () => {
  const answer = await signIn(ALICE, {}, "/reviews/0e");
  assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/reviews/0e"]);
  for (const cookie of answer.headers.getSetCookie()) {
    assert.match(cookie, /; HttpOnly; SameSite=Strict/);
    assert.ok(!cookie.includes(ALICE.slice(5)));
  }
  const cookie = cookiesOf(answer);
  const page = await (await server.request("/reviews/one", { headers: { cookie } })).text();
  assert.match(page, /You decide as <strong>alice/);
  const body = new URLSearchParams({ csrf: await csrfOf("/reviews/one", cookie), hash: HASH, reviewer: "bob" });
  await server.request("/reviews/one/approve", { method: "POST", headers: { ...FORM, cookie }, body: body.toString() });
  const [decision] = server.desk.decisions as { options: { reviewer: string; signer?: ReviewerSigner } }[] as never[];
  const { options } = decision as { options: { reviewer: string; signer?: ReviewerSigner } };
  assert.deepEqual([options.reviewer, options.signer?.reviewer], ["alice", "alice"]);
});

test("who has not signed in is told to, and decides with no signature", async () => {
  const page = await (await server.request("/reviews/one")).text();
  assert.match(page, /Here reviewers decide: <a href="\/sign-in">sign in/);
  server.desk.known.length = 0;
  assert.match(await (await server.request("/reviews/one")).text(), /Your name, for the ledger/);
});

test("signing out, being revoked, or another server's cookie ends it", async () => {
  const cookie = cookiesOf(await signIn(ALICE));
  const isIn = async (sent: string): Promise<boolean> =>
    /You decide as/.test(await (await server.request("/reviews/one", { headers: { cookie: sent } })).text());
  assert.ok(await isIn(cookie));
  const foreign = await server.request("/sign-out", { method: "POST", headers: { ...FORM, cookie }, body: "csrf=x" });
  assert.equal(foreign.status, 403);
  assert.ok(await isIn(cookie));
  const csrf = await csrfOf("/sign-in", cookie);
  const body = new URLSearchParams({ csrf }).toString();
  await server.request("/sign-out", { method: "POST", headers: { ...FORM, cookie }, body });
  assert.equal(await isIn(cookie), false, "the cookie kept from before is worth nothing");
  const second = cookiesOf(await signIn(ALICE));
  server.desk.known[0] = {
    ...(server.desk.known[0] as never as object),
    revokedAt: "2026-11-27T12:00:01.000Z",
  } as never;
  assert.equal(await isIn(second), false);
});

test("who came in as a reviewer, and by nothing else, sees no page after that ends", async () => {
  const statuses = async (cookie: string): Promise<number[]> => {
    const answers = ["/", "/reviews/one", "/ledger", "/api/reviews"].map((path) =>
      server.request(path, { headers: { cookie } }),
    );
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  const first = cookiesOf(await signIn(ALICE));
  assert.deepEqual(await statuses(first), [200, 200, 200, 200]);
  const body = new URLSearchParams({ csrf: await csrfOf("/sign-in", first) }).toString();
  await server.request("/sign-out", { method: "POST", headers: { ...FORM, cookie: first }, body });
  assert.deepEqual(await statuses(first), [401, 401, 401, 401]);
  const second = cookiesOf(await signIn(ALICE));
  assert.notEqual(await csrfOf("/sign-in", second), new URLSearchParams(body).get("csrf"));
  const [alice] = server.desk.known;
  server.desk.known[0] = { ...(alice as NonNullable<typeof alice>), revokedAt: "2026-11-27T12:00:01.000Z" };
  assert.deepEqual(await statuses(second), [401, 401, 401, 401]);
});

test("signing out ends the browser's own session as well, for whoever kept its cookie", async () => {
  const opened = cookiesOf(await server.request(`/?token=${TOKEN}`, { headers: { cookie: null } }));
  const other = cookiesOf(await server.request(`/?token=${TOKEN}`, { headers: { cookie: null } }));
  const cookie = `${opened}; ${cookiesOf(await signIn(ALICE, { cookie: opened }))}`;
  const body = new URLSearchParams({ csrf: await csrfOf("/sign-in", cookie) }).toString();
  const answer = await server.request("/sign-out", { method: "POST", headers: { ...FORM, cookie }, body });
  assert.equal(answer.status, 303);
  const status = async (sent: string): Promise<number> =>
    (await server.request("/", { headers: { cookie: sent } })).status;
  assert.deepEqual([await status(opened), await status(cookie), await status(other)], [401, 401, 200]);
});

test("what is followed live ends with the right to follow it", async () => {
  const signedIn = async (): Promise<Record<string, string | null>> => ({ cookie: cookiesOf(await signIn(ALICE)) });
  const withToken = async (): Promise<Record<string, string | null>> => ({
    ...{ cookie: null, authorization: `Bearer ${ALICE}` },
  });
  for (const come of [signedIn, withToken]) {
    const answer = await server.request("/api/events", { headers: await come() });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /^: following/);
    const [alice] = server.desk.known as [(typeof server.desk.known)[0]];
    server.desk.known[0] = { ...alice, revokedAt: "2026-11-27T12:00:01.000Z" };
    await server.desk.ledger.append({ kind: "note", body: { text: "not for whoever was revoked" } });
    server.desk.tell({ type: "reviews-changed" });
    assert.deepEqual(await reader.read(), { done: true, value: undefined });
    server.desk.known[0] = alice;
  }
});

test("what was ended stays so when more are ended than are remembered", () => {
  let now = 1e12;
  const sessions = new Sessions(TOKEN, () => now);
  const first = sessions.begin();
  sessions.end(first);
  for (let i = 0; i < ENDED_SESSIONS_MAX; i++) {
    now++;
    const next = sessions.begin();
    assert.ok(sessions.find(next) !== undefined);
    sessions.end(next);
    assert.equal(sessions.find(next), undefined);
  }
  assert.equal(sessions.find(first), undefined);
  now++;
  assert.ok(sessions.find(sessions.begin()) !== undefined);
});

test("a page of another site signs nobody in, nor lets itself be led to", async () => {
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: null },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "http://127.0.0.1:4712" },
    { "content-type": "text/plain" },
  ]) {
    const answer = await signIn(ALICE, headers);
    assert.ok([403, 415].includes(answer.status), JSON.stringify(headers));
    assert.deepEqual(answer.headers.getSetCookie(), []);
  }
  for (const next of ["//evil.example", "https://evil.example", "/\\evil.example", "/reviews/../x", "javascript:0"])
    assert.equal((await signIn(ALICE, {}, next)).headers.get("location"), "/", next);
});

test("a token in the address is none, and comes back in no page", async () => {
  for (const path of [`/?token=${ALICE}`, `/sign-in?token=${ALICE}`, `/sign-in?next=${ALICE}`]) {
    const answer = await server.request(path, { headers: { cookie: null } });
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.ok(!(await answer.text()).includes(ALICE), path);
  }
  const wrong = newToken();
  assert.ok(!(await (await signIn(wrong)).text()).includes(wrong));
  assert.equal((await server.request(`/api/reviews?token=${ALICE}`, { headers: { cookie: null } })).status, 401);
});

test("the API takes a reviewer's token, and decides as that reviewer", async () => {
  const ask = (token: string, body?: object): Promise<Response> =>
    server.request(body === undefined ? "/api/reviews" : "/api/reviews/one/approve", {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: { cookie: null, origin: null, authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
  assert.equal((await ask(ALICE)).status, 200);
  assert.equal((await ask(newToken())).status, 401);
  assert.equal((await ask(ALICE, { hash: HASH, reviewer: "bob" })).status, 200);
  const { options } = server.desk.decisions[0] as { options: { reviewer: string; signer?: ReviewerSigner } };
  assert.deepEqual([options.reviewer, options.signer?.reviewer], ["alice", "alice"]);
  server.desk.answer = { status: "more-reviewers", given: ["alice"], missing: 1, roles: [] };
  assert.equal((await ask(ALICE, { hash: HASH })).status, 202);
  server.desk.answer = { status: "not-allowed", code: "signature-used", message: "m", remedy: "r" };
  const refused = await ask(TOKEN, { hash: HASH });
  assert.deepEqual(
    [refused.status, ((await refused.json()) as { error: { code: string } }).error.code],
    [403, "signature-used"],
  );
  server.desk.answer = undefined;
});

test("wrong tokens are slowed down, by the form and the API together; a right one that is known is not", async () => {
  const fresh = await openTestServer();
  fresh.desk.known.push(...server.desk.known);
  const post = (token: string): Promise<Response> =>
    fresh.request("/sign-in", {
      ...{ method: "POST", headers: { ...FORM, cookie: null, origin: ORIGIN } },
      body: new URLSearchParams({ token }).toString(),
    });
  const bearer = (token: string): Promise<Response> =>
    fresh.request("/api/reviews", { headers: { cookie: null, authorization: `Bearer ${token}` } });
  assert.equal((await post(ALICE)).status, 303);
  const statuses: number[] = [];
  for (let i = 0; i < ATTEMPTS_AT_ONCE + 10; i++)
    statuses.push((await (i % 2 === 0 ? post : bearer)(newToken())).status);
  assert.ok(statuses.filter((status) => status === 401).length <= ATTEMPTS_AT_ONCE + 1);
  const last = await post(newToken());
  assert.deepEqual([last.status, Number(last.headers.get("retry-after")) >= 1], [429, true]);
  assert.equal((await post(ALICE)).status, 303);
  assert.equal((await bearer(ALICE)).status, 200);
  assert.equal((await fresh.request("/")).status, 200, "who only looks is not kept waiting");
  await fresh.close();
});

test("attempts come back one at a time, and not by setting the clock back", () => {
  let now = 1e6;
  const attempts = new Attempts(() => now);
  for (let i = 0; i < ATTEMPTS_AT_ONCE; i++) attempts.failed();
  assert.ok(attempts.waitMs > 0);
  now -= 5e5;
  assert.ok(attempts.waitMs > 0);
  now += ATTEMPT_EVERY_MS;
  assert.equal(attempts.waitMs, 0);
  attempts.failed();
  assert.ok(attempts.waitMs > 0);
  now += 100 * ATTEMPT_EVERY_MS;
  for (let i = 0; i < ATTEMPTS_AT_ONCE; i++) {
    assert.equal(attempts.waitMs, 0);
    attempts.failed();
  }
  assert.ok(attempts.waitMs > 0);
});
