import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { EVENT_CLIENTS_MAX, EVENT_WRITE_TIMEOUT_MS, HEARTBEAT_MS } from "../limits.ts";
import { openTestServer, type TestServer } from "../testing.ts";

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
