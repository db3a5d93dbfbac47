import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, beforeEach, test } from "node:test";
import { ChatModel, MalformedArguments } from "./index.ts";
import { answers, calls, sends, WireServer } from "./testing.ts";

/** Against a real HTTP server: what goes over the wire, and what is made of what comes back. */

let server: WireServer;
before(async () => {
  server = await WireServer.start();
});
after(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const messages = [{ role: "user", content: "What is in the report?" }] as const;
const model = (): ChatModel => new ChatModel({ url: server.url, model: "m" });

test("a request has the model, the messages, the tools and the sampling of the interface", async () => {
  server.reply = answers({ content: "It says so." });
  const parameters = { type: "object", properties: { path: { type: "string" } } };
  await new ChatModel({ url: `${server.url}/`, model: "m", apiKey: "key-1" }).complete({
    messages: [
      { role: "system", content: "s" },
      { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "read", arguments: { path: "a" } }] },
      { role: "tool", content: "t", toolCallId: "c1" },
    ],
    tools: [{ name: "read", description: "Reads a file.", parameters }],
    n: 2,
    temperature: 0.5,
    seed: 7,
    maxTokens: 9,
  });
  assert.deepEqual(server.requests, [
    {
      path: "/v1/chat/completions",
      authorization: "Bearer key-1",
      body: {
        model: "m",
        stream: false,
        messages: [
          { role: "system", content: "s" },
          {
            role: "assistant",
            content: "",
            tool_calls: [{ id: "c1", type: "function", function: { name: "read", arguments: '{"path":"a"}' } }],
          },
          { role: "tool", content: "t", tool_call_id: "c1" },
        ],
        tools: [{ type: "function", function: { name: "read", description: "Reads a file.", parameters } }],
        n: 2,
        temperature: 0.5,
        seed: 7,
        max_tokens: 9,
      },
    },
  ]);
});

test("what is not asked for is not on the wire, and no key is sent without one", async () => {
  server.reply = answers({ content: "x" });
  await model().complete({ messages, tools: [] });
  assert.equal(server.requests[0]?.authorization, undefined);
  assert.deepEqual(server.requests[0]?.body, { model: "m", stream: false, messages });
});

test("every choice is one completion, with its text and why it ended", async () => {
  const choice = (content: string | null, finish_reason: unknown, more = {}): unknown => ({
    message: { content, ...more },
    finish_reason,
  });
  const choices = [
    choice("a", "stop"),
    choice("b", "length"),
    choice(null, "content_filter", { refusal: "I cannot." }),
    choice("c", "load"),
    choice("d", null),
  ];
  server.reply = sends(JSON.stringify({ choices, usage: { total_tokens: 3 }, system_fingerprint: "fp", timings: {} }));
  const completions = await model().complete({ messages });
  assert.deepEqual(
    completions.map(({ text, finishReason }) => [text, finishReason]),
    [
      ["a", "stop"],
      ["b", "length"],
      ["I cannot.", "content-filter"],
      ["c", "other"],
      ["d", "other"],
    ],
  );
});

test("tool calls come parsed: as a string, as an object, as nothing at all; with an id in any case", async () => {
  server.reply = answers({
    content: "",
    reasoning_content: "hm",
    tool_calls: [
      { id: "x1", type: "function", index: 0, function: { name: "a", arguments: '{"n":[1,null]}' } },
      { id: "", function: { name: "b", arguments: { path: "p" } } },
      { function: { name: "c", arguments: "" } },
      { id: null, function: { name: "d" } },
    ],
  });
  const [completion] = await model().complete({ messages });
  assert.deepEqual(completion, {
    text: "",
    finishReason: "tool-calls",
    toolCalls: [
      { id: "x1", name: "a", arguments: { n: [1, null] } },
      { id: "call_1", name: "b", arguments: { path: "p" } },
      { id: "call_2", name: "c", arguments: {} },
      { id: "call_3", name: "d", arguments: {} },
    ],
  });
});

test("arguments that are no JSON, or nested too deeply, are kept apart from any JSON a model could write", async () => {
  const deep = "[".repeat(5000) + "]".repeat(5000);
  server.reply = answers(calls(["a", '{"path":'], ["a", deep], ["a", '{"malformed":"{"}']));
  const [completion] = await model().complete({ messages });
  const [cut, nested, honest] = completion?.toolCalls ?? [];
  assert.ok(cut?.arguments instanceof MalformedArguments);
  assert.equal(cut.arguments.malformed, '{"path":');
  assert.ok(nested?.arguments instanceof MalformedArguments);
  assert.ok(!(honest?.arguments instanceof MalformedArguments));
});

test("options are checked when the model is made", () => {
  for (const url of ["", "model", "file:///etc/passwd", "http://user:pass@127.0.0.1/v1", "http://127.0.0.1/v1?key=1"])
    assert.throws(() => new ChatModel({ url, model: "m" }), { code: "model-options-invalid" }, url);
  for (const options of [{ model: "" }, { timeoutMs: 0 }, { apiKey: "a\r\nx: y" }])
    assert.throws(() => new ChatModel({ url: server.url, model: "m", ...options }), { code: "model-options-invalid" });
});

test("another machine gets the conversation only when somebody says so", () => {
  const remote = [
    "http://example.org/v1",
    "https://127.0.0.1.example.org/v1",
    "http://10.0.0.1/v1",
    "http://0.0.0.0/v1",
  ];
  for (const url of remote) {
    assert.throws(() => new ChatModel({ url, model: "m" }), { code: "model-remote" }, url);
    assert.ok(new ChatModel({ url, model: "m", allowRemote: true }));
  }
  for (const url of ["http://localhost:1/v1", "http://127.9.9.9/v1", "http://2130706433/v1", "http://[::1]:8080/v1"])
    assert.ok(new ChatModel({ url, model: "m" }), url);
});

test("a model on this machine is asked directly, whatever proxy the environment names", () => {
  const module = new URL("./index.ts", import.meta.url).href;
  const code = `const { ChatModel } = await import(${JSON.stringify(module)});
    const model = new ChatModel({ url: process.argv[1], model: "m" });
    const [{ text }] = await model.complete({ messages: [{ role: "user", content: "?" }] });
    console.log(text);`;
  server.reply = answers({ content: "asked directly" });
  // Port 9 of this machine: nobody listens there.
  const proxy = Object.fromEntries(
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, "http://127.0.0.1:9"]),
  );
  const env = { ...process.env, NO_PROXY: "", no_proxy: "", NODE_USE_ENV_PROXY: "1", ...proxy };
  return new Promise<void>((resolve) => {
    execFile(process.execPath, ["--input-type=module", "-e", code, server.url], { env }, (_, stdout, stderr) => {
      assert.equal(stdout, "asked directly\n", stderr);
      resolve();
    });
  });
});
