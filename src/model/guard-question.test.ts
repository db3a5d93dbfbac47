import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ChatModel, type GuardStyle, guardQuestion } from "./index.ts";
import { answers, calls, sends, WireServer } from "./testing.ts";

let server: WireServer;
before(async () => {
  server = await WireServer.start();
});
after(() => server.stop());

const signal = new AbortController().signal;

async function asked(style: GuardStyle, answer: string, text = "some text"): Promise<unknown> {
  server.requests.length = 0;
  server.reply = answers({ content: answer });
  return guardQuestion(new ChatModel({ url: server.url, model: "m" }), style)(text, signal);
}

test("Llama Guard's answers are read as its model card says", async () => {
  assert.equal(await asked("llama-guard", "safe"), "safe");
  assert.equal(await asked("llama-guard", "\n\nsafe\n"), "safe");
  assert.deepEqual(await asked("llama-guard", "\n\nunsafe\nS1, S14"), { unsafe: "S1,S14" });
  assert.deepEqual(await asked("llama-guard", "unsafe"), { unsafe: "unnamed" });
  assert.deepEqual(await asked("llama-guard", "unsafe\n<script>"), { unsafe: "unnamed" });
});

test("any other model says yes or no", async () => {
  assert.equal(await asked("instructed", "No."), "safe");
  assert.equal(await asked("instructed", "no\nyes"), "safe");
  assert.deepEqual(await asked("instructed", "Yes\nno"), { unsafe: "instructions" });
});

test("an answer that is none of those asked for is no verdict", async () => {
  for (const answer of ["", "no, it is safe", "maybe", "safe", "unsafe", "<think>no</think>\nno", "not", "yes no"])
    await assert.rejects(asked("instructed", answer), { code: "model-answer-invalid" }, answer);
  for (const answer of ["", "yes", "no", "safety", "safe S1", "The text is safe", "unsafe S1"])
    await assert.rejects(asked("llama-guard", answer), { code: "model-answer-invalid" }, answer);
});

test("a cut answer and a tool call are no verdict", async () => {
  const ask = guardQuestion(new ChatModel({ url: server.url, model: "m" }));
  server.reply = sends(JSON.stringify({ choices: [{ message: { content: "no" }, finish_reason: "length" }] }));
  await assert.rejects(ask("x", signal), { code: "model-answer-invalid" });
  server.reply = answers({ ...calls(["shell", "{}"]), content: "no" });
  await assert.rejects(ask("x", signal), { code: "model-answer-invalid" });
});

test("the text is data between markers that are fresh each time", async () => {
  const markers = new Set<string>();
  for (const style of ["instructed", "llama-guard"] as const)
    for (let round = 0; round < 2; round++) {
      await asked(style, style === "instructed" ? "no" : "safe", "line 1\nline 2");
      const sent = server.requests[0]?.body as { messages: { role: string; content: string }[]; temperature: number };
      const { role, content } = sent.messages.at(-1) as { role: string; content: string };
      const [first, ...rest] = content.split("\n") as [string, ...string[]];
      assert.equal(role, "user");
      assert.deepEqual(rest, ["line 1", "line 2", first]);
      assert.equal(sent.temperature, 0);
      markers.add(first);
    }
  assert.equal(markers.size, 4);
});
