import assert from "node:assert/strict";
import { test } from "node:test";
import { CONVERSATION_BYTES_MAX, CONVERSATION_ENTRIES_MAX } from "./limits.ts";
import { AGENT, MemoryWorld } from "./testing.ts";

test("a conversation keeps its order, roles and provenance", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  memory.addTrusted({ role: "system", text: "You are helpful." });
  memory.addTrusted({ role: "user", text: "Will it rain?" });
  memory.addOwn("I shall look.");
  const entry = world.text("rain at noon");
  memory.forAgent().add(entry, { role: "tool" });
  memory.add(world.text("bring a coat", { agent: AGENT, runId: "run-2", purpose: "message" }), {
    role: "agent-message",
  });
  const messages = memory.messages();
  assert.deepEqual(
    messages.map(({ role, text }) => [role, text]),
    [
      ["system", "You are helpful."],
      ["user", "Will it rain?"],
      ["assistant", "I shall look."],
      ["tool", "rain at noon"],
      ["agent-message", "bring a coat"],
    ],
  );
  assert.deepEqual(messages[3], { role: "tool", text: "rain at noon", runId: "run-1", admission: entry.admission });
  assert.deepEqual(world.refusals, []);
  memory.clear();
  assert.deepEqual(memory.messages(), []);
  assert.equal(messages.length, 5);
});

test("a full conversation refuses more, and the admission is not used up", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  for (let count = 0; count < CONVERSATION_ENTRIES_MAX; count++) memory.addTrusted({ role: "user", text: "x" });
  const entry = world.text("one more");
  assert.deepEqual(memory.add(entry, { role: "tool" }), { status: "refused", reason: "memory-full" });
  assert.deepEqual(memory.addOwn("x"), { status: "refused", reason: "memory-full" });
  memory.clear();
  assert.equal(memory.add(entry, { role: "tool" }).status, "added");
  const long = "x".repeat(CONVERSATION_BYTES_MAX - Buffer.byteLength("one more"));
  assert.equal(memory.addTrusted({ role: "user", text: `${long}x` }).status, "refused");
  assert.equal(memory.addTrusted({ role: "user", text: long }).status, "added");
});
