import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { EVENT_CLIENTS_MAX, EVENT_WRITE_TIMEOUT_MS, HEARTBEAT_MS, LIST_ANEW_MS } from "../limits.ts";
import { openTestServer, summary, TestDesk, type TestServer } from "../testing.ts";
import { Feed } from "./feed.ts";

let server: TestServer;
before(async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  server = await openTestServer();
});
after(async () => {
  mock.timers.reset();
  await server.close();
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

test("who does not read is let go, and its place is free again", async () => {
  const unread: Response[] = [];
  for (let client = 0; client < EVENT_CLIENTS_MAX; client++) unread.push(await server.request("/api/events"));
  assert.equal((await server.request("/api/events")).status, 503);
  await settle();
  // Something to tell: the first words may fit into buffers.
  for (let count = 0; count < 5; count++) await server.desk.ledger.append({ kind: "note", body: { text: "x" } });
  server.desk.tell({ type: "reviews-changed" });
  await settle();
  mock.timers.tick(EVENT_WRITE_TIMEOUT_MS);
  await settle();
  const next = await server.request("/api/events");
  assert.equal(next.status, 200);
  await next.body?.cancel();
  assert.ok(unread.every(({ status }) => status === 200));
});

test("what waits is listed when it may have changed, and not while it cannot", async () => {
  const desk = new TestDesk(server.desk.ledger);
  let now = Date.now();
  const feed = new Feed(desk, () => now);
  const lookTenTimes = async (): Promise<number> => {
    const before = desk.lists;
    for (let i = 0; i < 10; i++) {
      await desk.ledger.append({ kind: "note", body: { text: "x" } });
      await feed.look();
    }
    return desk.lists - before;
  };
  assert.equal(await lookTenTimes(), 1);
  const { reviewsVersion } = feed;
  assert.equal(await lookTenTimes(), 0);
  const decision = { decision: "ask", rule: "r", reason: "r", considered: [] } as const;
  const review = desk.add({ ...summary("new"), kind: "call", input: "{}", decision, expiresAt: now + 5000 });
  assert.equal(await lookTenTimes(), 1);
  assert.equal(feed.reviewsVersion, reviewsVersion + 1);
  // When its time is over, the list is another one though nobody has written anything.
  now = review.expiresAt;
  assert.equal(await lookTenTimes(), 1);
  now += LIST_ANEW_MS;
  assert.equal(await lookTenTimes(), 1);
});

test("a quiet stream has a heartbeat", async () => {
  const answer = await server.request("/api/events");
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
  assert.match(await next(), /^: following/);
  const beat = next();
  await settle();
  mock.timers.tick(HEARTBEAT_MS);
  assert.match(await beat, /^: still here/);
  await reader.cancel();
});
