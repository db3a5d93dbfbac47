import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scan } from "../guard/index.ts";
import type { AdmittedText, MemoryMessage } from "./index.ts";
import { AGENT, BAD_TEXTS, BLOCKED, changing, FLAGGED, MemoryWorld, SCOPE } from "./testing.ts";

describe("what may not enter a conversation", () => {
  for (const [name, { forge, reason }] of Object.entries(BAD_TEXTS))
    test(name, () => {
      const world = new MemoryWorld();
      const memory = world.gate.conversation(AGENT);
      const entry = forge(world) as AdmittedText;
      for (const target of [memory, memory.forAgent()]) {
        const given = target.add(entry, { role: "tool" });
        // A getter that gave its first value away has only the other one left.
        if (target === memory) assert.deepEqual(given, { status: "refused", reason });
        if (!name.includes("changes")) assert.equal(given.status, "refused");
      }
      if (!name.includes("changes")) assert.deepEqual(memory.messages(), []);
      assert.equal(world.refusals[0]?.reason, reason);
      assert.equal(world.refusals[0]?.place, "conversation");
      assert.ok(!JSON.stringify(world.refusals).includes("im_start"), "a refusal tells nothing of the content");
    });
});

test("an admission enters once, in one conversation", () => {
  const world = new MemoryWorld();
  const entry = world.text("it rains");
  const [first, second] = [world.gate.conversation(AGENT), world.gate.conversation(AGENT)];
  assert.deepEqual(first.add(entry, { role: "tool" }), { status: "added" });
  assert.deepEqual(first.add(entry, { role: "tool" }), { status: "refused", reason: "replayed" });
  assert.deepEqual(second.add(structuredClone(entry), { role: "tool" }), {
    status: "refused",
    reason: "replayed",
  });
  assert.equal(first.messages().length, 1);
});

test("what was checked is what is kept, when the entry changes as it is read", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  const entry = changing(world.text("it rains"), "text", ["it rains", BLOCKED]);
  const admission = changing(entry.admission, "claims", [entry.admission.claims, { evil: BLOCKED }]);
  assert.equal(memory.add({ text: entry.text, admission, ...SCOPE }, { role: "tool" }).status, "added");
  assert.equal(memory.messages()[0]?.text, "it rains");
  assert.ok(!JSON.stringify(memory).includes("im_start"));
});

test("what is inside cannot be changed from outside", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  const entry = world.text("it rains");
  memory.add(entry, { role: "tool" });
  Object.assign(entry, { text: BLOCKED });
  const [message] = memory.messages() as [MemoryMessage & { admission: { claims: object } }];
  for (const frozen of [message, message.admission, message.admission.claims, memory.messages()])
    assert.throws(() => Object.assign(frozen, { text: BLOCKED, 0: BLOCKED, agent: "writer" }), TypeError);
  assert.throws(() => (memory.messages() as MemoryMessage[]).push(message), TypeError);
  assert.equal(memory.messages()[0]?.text, "it rains");
  assert.equal(memory.messages().length, 1);
});

test("an unknown role is refused, and none makes tool output the user's word", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  for (const role of ["system", "user", "assistant", "__proto__", undefined])
    assert.equal(memory.add(world.text("it rains"), { role: role as "tool" }).status, "refused");
  for (const role of ["tool", "assistant", undefined])
    assert.equal(memory.addTrusted({ role: role as "user", text: "x" }).status, "refused");
  assert.deepEqual(memory.messages(), []);
});

test("a model that repeats a payload is refused; its own tool calls are not", () => {
  const world = new MemoryWorld();
  const memory = world.gate.conversation(AGENT);
  assert.deepEqual(memory.addOwn(`It says: ${BLOCKED}`), { status: "refused", reason: "not-admitted" });
  assert.equal(memory.addOwn(FLAGGED).status, "added");
  assert.equal(memory.addOwn('{"name":"shell","arguments":{"cmd":"ls"}}').status, "added");
  assert.equal(memory.addOwn(7 as unknown as string).status, "refused");
});

test("own words are admitted as such, and as nothing else", () => {
  const world = new MemoryWorld();
  const own = { ...SCOPE, purpose: "own-words" } as const;
  const memory = world.gate.conversation(AGENT);
  for (const role of ["tool", "agent-message"] as const)
    assert.deepEqual(memory.add(world.text("it rains", own), { role }), { status: "refused", reason: "other-purpose" });
  for (const purpose of ["output", "message", "document"] as const)
    assert.deepEqual(memory.add(world.text("it rains", { ...SCOPE, purpose }), { role: "assistant" }), {
      status: "refused",
      reason: "other-purpose",
    });
  const call = '{"name":"shell","arguments":{"cmd":"ls"}}';
  const { admitter } = world;
  assert.equal(admitter.admit(call, scan(call), SCOPE).status, "refused");
  assert.equal(admitter.admit(BLOCKED, scan(BLOCKED), own).status, "refused");
  assert.equal(memory.add(world.text(call, own), { role: "assistant" }).status, "added");
  assert.equal(memory.addOwn("and so on").status, "added");
  const restored = world.gate.restore(AGENT, JSON.parse(JSON.stringify(memory)));
  assert.deepEqual(
    restored.messages().map(({ role, text }) => [role, text]),
    [
      ["assistant", call],
      ["assistant", "and so on"],
    ],
  );
});

test("the view for an agent has no trusted way in", () => {
  const view = new MemoryWorld().gate.conversation(AGENT).forAgent();
  assert.deepEqual(Object.keys(view).sort(), ["add", "assemble", "messages"]);
  assert.ok(Object.isFrozen(view));
});

test("no public method was forgotten: whatever can write stands in a test here", () => {
  const world = new MemoryWorld();
  const methods = (value: object): string[] => Object.getOwnPropertyNames(Object.getPrototypeOf(value)).sort();
  const memory = world.gate.conversation(AGENT);
  const writing = ["add", "addOwn", "addTrusted"];
  const others = ["assemble", "clear", "constructor", "forAgent", "messages", "toJSON"];
  assert.deepEqual(methods(memory), [...writing, ...others].sort());
  assert.deepEqual(Object.keys(memory), ["agent"]);
  assert.deepEqual(methods(world.gate), ["constructor", "conversation", "restore", "vectors"]);
  assert.deepEqual(Object.keys(world.gate), []);
  // It only answers: what is written, the caller of `enter` writes.
  assert.deepEqual(methods(world.gate.vectors(AGENT)), ["check", "constructor", "enter", "leave", "report", "take"]);
  assert.deepEqual(Object.keys(world.gate.vectors(AGENT)), []);
});
