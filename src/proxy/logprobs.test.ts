import assert from "node:assert/strict";
import { test } from "node:test";
import { json, NDJSON, openTestProxy, SSE, sse, streams, type TestProxy } from "./testing.ts";
import type { TokenReport } from "./token-watch.ts";

const CHAT = "/v1/chat/completions";
const TOKEN = { token: "a", logprob: -0.5, top_logprobs: [{ token: "a", logprob: -0.5 }] };

async function watched(): Promise<TestProxy & { readonly told: TokenReport[] }> {
  const told: TokenReport[] = [];
  return Object.assign(await openTestProxy({ tokens: { told: (report) => told.push(report) } }), { told });
}

function bodyOf({ asked }: TestProxy, index = -1): Record<string, unknown> {
  return JSON.parse(String(asked.at(index)?.body)) as Record<string, unknown>;
}

const post = (value: unknown) => ({ method: "POST", body: JSON.stringify(value) });

test("without a watcher nothing is asked for that the client did not ask", async () => {
  await using world = await openTestProxy();
  world.reply = json({ choices: [] });
  const body = { model: "m", messages: [] };
  await world.send(CHAT, post(body));
  assert.deepEqual(bodyOf(world), body);
});

/** What is asked for beside the client's own, what a server tells, and what the client gets of it. */
const CASES: readonly (readonly [target: string, type: string, added: object, told: unknown[], given: unknown[]])[] = [
  [
    CHAT,
    SSE,
    { logprobs: true, top_logprobs: 5 },
    [
      { choices: [{ index: 0, delta: { content: "a" }, logprobs: { content: [TOKEN], refusal: null } }], "x y": 1 },
      { choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }] },
    ],
    [
      { choices: [{ index: 0, delta: { content: "a" }, logprobs: null }], "x y": 1 },
      { choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }] },
    ],
  ],
  [
    "/v1/responses",
    SSE,
    { include: ["message.output_text.logprobs"], top_logprobs: 5 },
    [
      { type: "response.output_text.delta", delta: "a", logprobs: [TOKEN] },
      {
        type: "response.completed",
        response: { top_logprobs: 5, output: [{ content: [{ text: "a", logprobs: [TOKEN] }] }] },
      },
    ],
    [
      { type: "response.output_text.delta", delta: "a", logprobs: [] },
      {
        type: "response.completed",
        response: { top_logprobs: 0, output: [{ content: [{ text: "a", logprobs: [] }] }] },
      },
    ],
  ],
  [
    "/api/chat",
    NDJSON,
    { logprobs: true, top_logprobs: 5 },
    [{ message: { content: "a" }, logprobs: [TOKEN], done: true }],
    [{ message: { content: "a" }, done: true }],
  ],
  [
    "/api/generate",
    NDJSON,
    { logprobs: true, top_logprobs: 5 },
    [{ response: "a", done: true, logprobs: [TOKEN] }],
    [{ response: "a", done: true }],
  ],
];

for (const [target, type, added, told, given] of CASES) {
  const frames = (values: readonly unknown[]): string[] =>
    type === SSE ? sse(...values) : values.map((value) => `${JSON.stringify(value)}\n`);

  test(`${target}: log-probabilities are asked for, seen, and taken out again`, async () => {
    await using world = await watched();
    world.reply = streams(type, frames(told));
    const body = { model: "m", stream: true };
    const answer = await world.send(target, post(body));
    assert.equal(answer.text, frames(given).join(""));
    assert.deepEqual(bodyOf(world), { ...added, ...body });
    const [report] = world.told;
    assert.deepEqual([world.told.length, report?.signal, report?.tokens], [1, "signal", 1]);
    assert.ok(Math.abs((report?.surprisalBits ?? 0) - 0.5 / Math.LN2) < 1e-9);
  });

  test(`${target}: a client that asks itself gets what the server tells, and is not asked for`, async () => {
    await using world = await watched();
    world.reply = streams(type, frames(told));
    const body = { model: "m", stream: true, ...added, top_logprobs: 2 };
    assert.equal((await world.send(target, post(body))).text, frames(told).join(""));
    assert.deepEqual(bodyOf(world), body);
    assert.equal(world.told[0]?.signal, "signal");
  });

  test(`${target}: a server that tells none is no signal`, async () => {
    await using world = await watched();
    world.reply = streams(type, frames(given));
    assert.equal((await world.send(target, post({ stream: true }))).text, frames(given).join(""));
    assert.deepEqual([world.told[0]?.signal, world.told[0]?.tokens], ["no-signal", 0]);
  });
}

test("members that are there are changed where they stand", async () => {
  await using world = await watched();
  world.reply = json({ choices: [] });
  await world.send(CHAT, { method: "POST", body: ` { "logprobs" : false , "model":"m"}` });
  assert.equal(String(world.asked[0]?.body), ` {"top_logprobs":5, "logprobs" : true , "model":"m"}`);
  world.reply = json({ output: [] });
  await world.send("/v1/responses", post({ include: ["reasoning.encrypted_content"] }));
  assert.deepEqual(bodyOf(world).include, ["reasoning.encrypted_content", "message.output_text.logprobs"]);
});

test("a server that refuses them is asked once more without, and for that model never again", async () => {
  await using world = await watched();
  world.reply = (response, { body }) => {
    const isAsked = /logprobs/.test(String(body));
    response.writeHead(isAsked ? 400 : 200, { "content-type": "application/json" });
    response.end(isAsked ? `{"error":"no logprobs"}` : `{"choices":[]}`);
  };
  for (const model of ["m", "m", "n", "m"]) assert.equal((await world.send(CHAT, post({ model }))).status, 200);
  assert.deepEqual(
    world.asked.map(({ body }) => /logprobs/.test(String(body))),
    [true, false, false, true, false, false],
  );
});

test("a request that is wrong all the same is answered with what the server says of it, and teaches nothing", async () => {
  await using world = await watched();
  world.reply = (response, { body }) =>
    void response.writeHead(400).end(/logprobs/.test(String(body)) ? "with" : "without");
  assert.equal((await world.send(CHAT, post({ model: "m" }))).text, "without");
  world.reply = json({ choices: [] });
  await world.send(CHAT, post({ model: "m" }));
  assert.equal(bodyOf(world).logprobs, true);
});

test("an answer's tool calls are held back and judged with their log-probabilities taken out", async () => {
  await using world = await watched();
  const call = { index: 0, delta: { tool_calls: [{ index: 0, function: { name: "f", arguments: "{}" } }] } };
  const logprobs = { content: [TOKEN] };
  world.reply = streams(SSE, sse({ choices: [{ ...call, logprobs, finish_reason: "tool_calls" }] }, "[DONE]"));
  const given = sse({ choices: [{ ...call, logprobs: null, finish_reason: "tool_calls" }] }, "[DONE]").join("");
  assert.equal((await world.send(CHAT, post({ stream: true }))).text, given);
});
