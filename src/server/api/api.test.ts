import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { DecisionResult, RunRecord } from "../../loop/index.ts";
import { changedFile, HASH, OTHER_HASH, openTestServer, summary, type TestServer } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await openTestServer();
});
after(() => server.close());
beforeEach(() => {
  const { desk } = server;
  desk.all.clear();
  desk.decisions.length = 0;
  desk.answer = undefined;
  const file = desk.addFile(changedFile("/a ü&?.txt"));
  desk.add({ ...summary("one"), kind: "change-set", files: [file], conflicts: [] });
});

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly [detail: string]: unknown };
}

const get = async <T>(path: string, status = 200): Promise<T> => {
  const answer = await server.api(path);
  assert.equal(answer.status, status, path);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  return (await answer.json()) as T;
};
const post = async <T>(path: string, body: unknown, status = 200): Promise<T> => {
  const answer = await server.api(path, body);
  assert.equal(answer.status, status, path);
  return (await answer.json()) as T;
};

test("reviews: list, one, one file", async () => {
  const { reviews } = await get<{ reviews: { id: string }[] }>("/api/reviews?state=all&kind=change-set&limit=5");
  assert.deepEqual(
    reviews.map(({ id }) => id),
    ["one"],
  );
  assert.deepEqual(await get("/api/reviews/one"), JSON.parse(JSON.stringify(server.desk.all.get("one"))));
  const view = await get<{ change: { path: string } }>(
    `/api/reviews/one/file?path=${encodeURIComponent("/a ü&?.txt")}`,
  );
  assert.equal(view.change.path, "/a ü&?.txt");
  for (const path of ["/api/reviews/none", "/api/reviews/one/file?path=/b", "/api/none", "/api/"]) {
    assert.equal((await get<Failure>(path, 404)).error.code, "not-found");
  }
});

test("a review of 50,000 files, a decision about all but one of them, and what came of it are told whole", async () => {
  const files = Array.from({ length: 50_000 }, (_, number) =>
    changedFile(`/project/some/directory/file ${number} ü.txt`),
  );
  server.desk.add({ ...summary("many"), kind: "change-set", files, conflicts: [] });
  assert.deepEqual(await get("/api/reviews/many"), JSON.parse(JSON.stringify(server.desk.all.get("many"))));
  const chosen = files.slice(1).map(({ path }) => path);
  const done = await post<{ files: string[] }>("/api/reviews/many/approve", { hash: HASH, files: chosen });
  assert.deepEqual(done.files, chosen);
  server.desk.answer = { status: "conflict", conflicts: chosen.map((path) => ({ path, reason: "it is there" })) };
  const { error } = await post<Failure>("/api/reviews/many/approve", { hash: HASH, files: chosen }, 409);
  assert.deepEqual(error.conflicts, server.desk.answer.conflicts);
});

test("a query with anything unknown or out of bounds is refused", async () => {
  for (const query of ["limit=0", "limit=1001", "limit=x", "state=old", "kind=file", "stat=all"]) {
    assert.equal((await get<Failure>(`/api/reviews?${query}`, 422)).error.code, "invalid-request", query);
  }
  for (const path of [
    "/api/reviews/one/file",
    "/api/reviews/one/file?path=",
    "/api/runs?beforeIndex=-1",
    "/api/ledger/entries?fromIndex=1.5",
  ]) {
    await get(path, 422);
  }
});

test("approve, reject, undo, redo pass on what was sent, signed by the server's owner unless it says otherwise", async () => {
  const body = { hash: HASH, files: ["/a ü&?.txt"], protectedFiles: [], message: "ok" };
  assert.deepEqual(await post("/api/reviews/one/approve", body), {
    status: "done",
    state: "applied",
    files: ["/a ü&?.txt"],
  });
  await post("/api/reviews/one/undo", { reviewer: "Bob" });
  await post("/api/reviews/one/redo", { files: ["/a"] });
  await post("/api/reviews/one/reject", { hash: HASH, reviewer: " Bob " });
  assert.deepEqual(server.desk.decisions, [
    { what: "approve", id: "one", options: { reviewer: "tester", ...body } },
    { what: "undo", id: "one", options: { reviewer: "Bob" } },
    { what: "redo", id: "one", options: { reviewer: "tester", files: ["/a"] } },
    { what: "reject", id: "one", options: { reviewer: "Bob", hash: HASH } },
  ]);
});

test("every refusal has its status and its code, and what is needed to go on", async () => {
  const expected: [Exclude<DecisionResult, { status: "done" }>, number, object][] = [
    [{ status: "stale", hash: OTHER_HASH }, 409, { hash: OTHER_HASH }],
    [{ status: "already", state: "rejected", decidedBy: "Bob" }, 409, { state: "rejected", decidedBy: "Bob" }],
    [
      { status: "conflict", conflicts: [{ path: "/a", reason: "changed" }] },
      409,
      { conflicts: [{ path: "/a", reason: "changed" }] },
    ],
    [{ status: "protected", files: [{ path: "/b", reason: "git" }] }, 422, { files: [{ path: "/b", reason: "git" }] }],
    [{ status: "bad-selection", files: [] }, 422, { files: [] }],
    [{ status: "failed", error: { code: "sync-io", message: "disk full" } }, 500, { reason: "sync-io" }],
    [{ status: "not-found" }, 404, {}],
  ];
  for (const [answer, status, details] of expected) {
    server.desk.answer = answer;
    for (const what of ["approve", "reject", "undo", "redo"]) {
      const { error } = await post<Failure>(
        `/api/reviews/one/${what}`,
        what.endsWith("do") ? {} : { hash: HASH },
        status,
      );
      const { code, message, ...rest } = error;
      assert.equal(code, answer.status);
      assert.ok(message.length > 0);
      assert.deepEqual(rest, details);
    }
  }
});

test("a body that is not as described is refused, and nothing is decided", async () => {
  const bodies = [
    {},
    { hash: "x" },
    { hash: HASH, extra: 1 },
    { hash: HASH, files: "a" },
    { hash: HASH, files: [] },
    { hash: HASH, reviewer: "" },
    { hash: HASH, message: "\ud800" },
    { hash: HASH.toUpperCase() },
    [],
    null,
    "x",
  ];
  for (const body of bodies) {
    assert.equal((await post<Failure>("/api/reviews/one/approve", body, 422)).error.code, "invalid-request");
  }
  const headers = { cookie: null, origin: null, authorization: `Bearer ${(await import("../testing.ts")).TOKEN}` };
  const raw = async (type: string, body: string) =>
    (
      await server.request("/api/reviews/one/approve", {
        method: "POST",
        headers: { ...headers, "content-type": type },
        body,
      })
    ).status;
  assert.equal(await raw("application/json", "{"), 400);
  assert.equal(await raw("text/plain", JSON.stringify({ hash: HASH })), 415);
  assert.equal(await raw("application/x-www-form-urlencoded", `hash=${HASH}`), 415);
  assert.equal(await raw("application/json; charset=utf-8", "{}"), 422);
  assert.deepEqual(server.desk.decisions, []);
});

test("runs: list and one, its output in base64", async () => {
  const row = {
    runId: "r",
    index: 0,
    conversation: "c",
    agent: "a",
    tool: "t",
    time: "2026-01-01T00:00:00.000Z",
    command: "c",
    decision: "run",
    status: "ok",
    verdict: "admit",
    replayable: false,
  } as const;
  const record: RunRecord = {
    row,
    entries: [],
    stdout: Buffer.from([0, 255]),
    stderr: Buffer.from(""),
    holdsSecrets: false,
    truncated: false,
    differential: { added: [], echoes: [], truncated: false, later: [], plans: undefined },
  };
  server.desk.runs.set("r", record);
  assert.deepEqual(await get("/api/runs"), { rows: [row] });
  const got = await get<{ stdoutBase64: string; stdout?: unknown }>("/api/runs/r");
  assert.equal(got.stdoutBase64, "AP8=");
  assert.equal(got.stdout, undefined);
  await get("/api/runs/none", 404);
});

test("ledger: head, entries, verification", async () => {
  assert.equal((await get<Failure>("/api/ledger/head", 404)).error.code, "ledger-empty");
  const { ledger } = server.desk;
  for (const text of ["a", "b", "c", "d"]) await ledger.append({ kind: "note", body: { text } });
  assert.equal((await get<{ line: string }>("/api/ledger/head")).line, ledger.head()?.line);
  const indexes = async (query: string) =>
    (await get<{ entries: { index: number }[] }>(`/api/ledger/entries?${query}`)).entries.map(({ index }) => index);
  assert.deepEqual(await indexes("limit=2"), [3, 2]);
  assert.deepEqual(await indexes("limit=2&beforeIndex=2"), [1, 0]);
  assert.deepEqual(await indexes("fromIndex=1"), [1, 2, 3]);
  assert.equal((await get<{ ok: boolean }>("/api/ledger/verify")).ok, true);
});

test("a rebase passes on what was sent; what it says is the answer, and a refusal has its status", async () => {
  const sent = { hash: HASH, take: "host", files: ["/a ü&?.txt"] };
  const answer = await post<{ status: string; hash: string }>("/api/reviews/one/rebase", sent);
  assert.equal(answer.status, "rebased");
  const owner = server.desk.decisions[0]?.options as { reviewer: string };
  assert.deepEqual(server.desk.decisions, [
    { what: "rebase", id: "one", options: { ...sent, reviewer: owner.reviewer } },
  ]);
  assert.ok(owner.reviewer.length > 0);
  assert.equal((await post<Failure>("/api/reviews/one/rebase", { hash: OTHER_HASH }, 409)).error.code, "stale");
  assert.equal((await post<Failure>("/api/reviews/none/rebase", { hash: HASH }, 404)).error.code, "not-found");
  for (const wrong of [{}, { hash: HASH, take: "mine" }, { hash: HASH, files: [] }])
    assert.equal((await post<Failure>("/api/reviews/one/rebase", wrong, 422)).error.code, "invalid-request");
});
