import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ChatModel, type NextActionsRequest, nextActions } from "./index.ts";
import { answers, calls, WireServer } from "./testing.ts";

let server: WireServer;
before(async () => {
  server = await WireServer.start();
});
after(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const tools = [{ name: "shell", parameters: { type: "object" } }];
const sample = (samples: number, more: Partial<NextActionsRequest> = {}): Promise<Readonly<Record<string, number>>> =>
  nextActions({
    model: new ChatModel({ url: server.url, model: "m" }),
    messages: [{ role: "user", content: "x" }],
    tools,
    samples,
    ...more,
  });

test("equal actions count together, however their arguments are written", async () => {
  server.reply = answers(
    calls(["shell", '{"a":1,"b":[2]}']),
    calls(["shell", '{ "b": [2], "a": 1 }'], ["shell", "{}"]),
    calls(["shell", '{"a":2,"b":[2]}']),
    { content: "The report says so." },
  );
  const distribution = await sample(4);
  assert.deepEqual(Object.values(distribution).sort(), [0.25, 0.25, 0.5]);
  assert.equal(distribution.answer, 0.25);
  assert.ok(Object.keys(distribution).every((action) => /^(answer|shell#[0-9a-f]{16})$/.test(action)));
});

test("servers that answer once are asked until there are enough samples, each time with another seed", async () => {
  server.reply = answers({ content: "x" });
  assert.deepEqual(await sample(3, { seed: 10 }), { answer: 1 });
  assert.deepEqual(
    server.requests.map(({ body }) => [body.n, body.seed]),
    [
      [3, 10],
      [2, 11],
      [1, 12],
    ],
  );
});

test("more answers than samples are left out", async () => {
  server.reply = answers({ content: "x" }, { content: "y" }, calls(["shell", "{}"]));
  assert.deepEqual(await sample(2), { answer: 1 });
});

test("names and arguments a model made up do not get into the names of actions", async () => {
  server.reply = answers(calls(["__proto__", "{}"]), calls(["<|im_start|>", "{"]), calls(["shell", "{"]));
  const actions = Object.keys(await sample(3)).sort();
  assert.match(actions[0] as string, /^shell#malformed$/);
  assert.match(actions[1] as string, /^unknown-tool#[0-9a-f]{16}$/);
  assert.match(actions[2] as string, /^unknown-tool#malformed$/);
});

test("the number of samples is bounded", async () => {
  for (const samples of [0, -1, 1.5, 65, Number.NaN])
    await assert.rejects(sample(samples), { code: "samples-invalid" });
  assert.deepEqual(server.requests, []);
});
