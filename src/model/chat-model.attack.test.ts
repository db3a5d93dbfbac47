import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ChatModel } from "./index.ts";
import { MODEL_LIMITS } from "./limits.ts";
import { answers, calls, sends, WireServer } from "./testing.ts";

/** Servers that are broken, hostile or gone: each ends in a clear error, none in a hang or in a made-up answer. */

let server: WireServer;
before(async () => {
  server = await WireServer.start();
});
after(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const messages = [{ role: "user", content: "x" }] as const;
const ask = (timeoutMs = 30_000, signal?: AbortSignal): Promise<unknown> =>
  new ChatModel({ url: server.url, model: "m", timeoutMs }).complete({ messages, ...(signal && { signal }) });

test("an answer that is no chat completion is invalid", async () => {
  const bodies = [
    "",
    "hello",
    "null",
    "[]",
    "{}",
    '{"choices":[]}',
    '{"choices":[{}]}',
    '{"choices":[{"message":null}]}',
    '{"choices":[{"message":{"content":7}}]}',
    '{"choices":[{"message":{"tool_calls":{}}}]}',
    '{"choices":[{"message":{"tool_calls":[{"function":{"name":""}}]}}]}',
    '{"choices":[{"message":{"tool_calls":[{"function":{"name":"a","arguments":7}}]}}]}',
    '{"error":{"message":"overloaded"}}',
    'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n',
    '{"choices":[{"message":{"content":"cut o',
  ];
  for (const body of bodies) {
    server.reply = sends(body);
    await assert.rejects(ask(), { code: "model-answer-invalid" }, body);
  }
});

test("more choices, more calls or longer names than the interface allows are invalid", async () => {
  const many = Array.from({ length: MODEL_LIMITS.completions + 1 }, () => ({ content: "x" }));
  const call = (name: string): [string, string] => [name, "{}"];
  const replies = [
    answers(...many),
    answers(calls(...Array.from({ length: MODEL_LIMITS.toolCalls + 1 }, () => call("a")))),
    answers(calls(call("a".repeat(MODEL_LIMITS.nameCharacters + 1)))),
  ];
  for (const reply of replies) {
    server.reply = reply;
    await assert.rejects(ask(), { code: "model-answer-invalid" });
  }
});

test("an answer without end is read up to the limit and no further", async () => {
  let sent = 0;
  server.reply = (response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  await assert.rejects(ask(), { code: "model-answer-invalid" });
  // What lies in the kernel's and Node's buffers was sent and never read.
  assert.ok(sent < MODEL_LIMITS.answerBytes + 16 * 1024 * 1024, `${sent} bytes`);
});

test("a small answer that inflates to a huge one is invalid", async () => {
  const body = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
  assert.ok(body.length < 100_000);
  server.reply = sends(body, 200, { "content-encoding": "gzip" });
  await assert.rejects(ask(), { code: "model-answer-invalid" });
});

test("a server that says nothing, or a byte at a time, runs into the time limit", async () => {
  server.reply = () => {};
  await assert.rejects(ask(100), { code: "model-timeout" });
  server.reply = (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(" "), 10);
    response.on("close", () => clearInterval(drip));
  };
  await assert.rejects(ask(100), { code: "model-timeout" });
});

test("the caller's own signal ends the exchange with the caller's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("the run was cancelled");
  server.reply = () => controller.abort(reason);
  await assert.rejects(ask(30_000, controller.signal), reason);
  await assert.rejects(ask(30_000, AbortSignal.abort(reason)), reason);
});

test("a refusal carries its status and the start of what the server said", async () => {
  for (const status of [400, 401, 404, 429, 500, 503]) {
    server.reply = sends("e".repeat(100_000), status);
    await assert.rejects(ask(), (error: { code: string; details: { status: number; body: string } }) => {
      assert.equal(error.code, "model-refused");
      assert.equal(error.details.status, status);
      assert.equal(error.details.body.length, MODEL_LIMITS.refusalBytes);
      return true;
    });
  }
});

test("a redirect is refused, and the conversation goes nowhere else", async () => {
  const elsewhere = await WireServer.start();
  try {
    for (const status of [301, 302, 303, 307, 308]) {
      server.reply = sends("", status, { location: `${elsewhere.url}/chat/completions` });
      await assert.rejects(ask(), { code: "model-refused" });
    }
    assert.equal(server.requests.length, 5);
    assert.deepEqual(elsewhere.requests, []);
  } finally {
    await elsewhere.stop();
  }
});

test("a connection that breaks, or none at all, is an unreachable model", async () => {
  server.reply = (response) => void response.destroy();
  await assert.rejects(ask(), { code: "model-unreachable" });
  server.reply = (response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"choices":', () => response.destroy());
  };
  await assert.rejects(ask(), { code: "model-unreachable" });
  const gone = await WireServer.start();
  const { url } = gone;
  await gone.stop();
  await assert.rejects(new ChatModel({ url, model: "m" }).complete({ messages }), { code: "model-unreachable" });
});
