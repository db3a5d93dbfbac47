import assert from "node:assert/strict";
import { test } from "node:test";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { Command, END, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { guardedTools, type WaitingCall } from "../../src/adapters/langgraph.ts";
import type { Conversation, LoopConfig } from "../../src/index.ts";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** LangGraph as it is installed, with a model that plays a script: interrupts, resumed graphs, nodes that are run again. */

function asking(config: LoopConfig): LoopConfig {
  return { ...config, tools: { ...config.tools, mail: { external: true, effect: "outward", ask: "always" } } };
}

type ScriptedCall = { readonly name: string; readonly args: Record<string, unknown>; readonly id: string };

/** A model that makes these calls at once and then says "done", with the conversation's tools. */
function graphOf(conversation: Conversation, calls: readonly ScriptedCall[], sent: unknown[]) {
  const mail = (input: unknown) => {
    sent.push(input);
    return "sent";
  };
  const agent = ({ messages }: { messages: BaseMessage[] }) => {
    const hasAnswers = messages.some((message) => message.getType() === "tool");
    const tool_calls = hasAnswers ? [] : calls.map((call) => ({ ...call, type: "tool_call" as const }));
    return { messages: [new AIMessage({ content: hasAnswers ? "done" : "", tool_calls })] };
  };
  const next = ({ messages }: { messages: BaseMessage[] }) =>
    ((messages.at(-1) as AIMessage).tool_calls ?? []).length > 0 ? "tools" : END;
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", agent)
    .addNode("tools", new ToolNode(guardedTools(conversation, { mail })))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", next, ["tools", END])
    .addEdge("tools", "agent")
    .compile({ checkpointer: new MemorySaver() });
}

const THREAD = { configurable: { thread_id: "1" } };
const ASK = { messages: [new HumanMessage("Send it.")] };
const MAIL: ScriptedCall = { name: "mail", args: { to: "a@example.org" }, id: "call-1" };

function interruptsOf(result: unknown): WaitingCall[] {
  return ((result as { __interrupt__?: { value: WaitingCall }[] }).__interrupt__ ?? []).map(({ value }) => value);
}

test("an interrupted call that a person agrees to is made exactly once, and no review stays open", async () => {
  await using world = await openTestLoop(asking);
  const { loop } = world;
  const sent: unknown[] = [];
  const graph = graphOf(talk(loop, "writer"), [MAIL], sent);
  const [waiting] = interruptsOf(await graph.invoke(ASK, THREAD));
  assert.ok(waiting);
  assert.equal((await loop.reviews.list()).length, 1);
  const review = loop.reviews.find(waiting.reviewId);
  assert.equal(
    (await loop.reviews.approve(waiting.reviewId, { hash: review?.hash ?? "", reviewer: "ann" })).status,
    "done",
  );
  const end = await graph.invoke(new Command({ resume: "go on" }), THREAD);
  assert.deepEqual(sent, [MAIL.args]);
  assert.equal(end.messages.at(-1)?.content, "done");
  assert.match(String(end.messages.at(-2)?.content), /output of mail\]\nsent/);
  assert.deepEqual(await loop.reviews.list(), []);
});

test("resumed before anybody decided, nothing is made, and the one question stays", async () => {
  await using world = await openTestLoop(asking);
  const { loop } = world;
  const sent: unknown[] = [];
  const graph = graphOf(talk(loop, "writer"), [MAIL], sent);
  const [waiting] = interruptsOf(await graph.invoke(ASK, THREAD));
  const end = await graph.invoke(new Command({ resume: "go on" }), THREAD);
  assert.deepEqual(sent, []);
  assert.match(String(end.messages.at(-2)?.content), /A person must agree/);
  assert.deepEqual(
    (await loop.reviews.list()).map(({ id }) => id),
    [waiting?.reviewId],
  );
});

test("of two calls at once, the one beside the interrupted one is made once though its node is run again", async () => {
  await using world = await openTestLoop((config) => {
    const note = { external: true } as const;
    const base = asking(config);
    return { ...base, roles: { ...base.roles, writing: { tools: ["mail", "note"] } }, tools: { ...base.tools, note } };
  });
  const { loop } = world;
  const [sent, noted]: [unknown[], unknown[]] = [[], []];
  const conversation = talk(loop, "writer");
  const tools = guardedTools(conversation, {
    mail: (input) => {
      sent.push(input);
      return "sent";
    },
    note: (input) => {
      noted.push(input);
      return "noted";
    },
  });
  const node = new ToolNode(tools);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("tools", node)
    .addEdge(START, "tools")
    .compile({ checkpointer: new MemorySaver() });
  const tool_calls = [MAIL, { name: "note", args: { text: "x" }, id: "call-2" }].map((call) => ({
    ...call,
    type: "tool_call" as const,
  }));
  const [waiting] = interruptsOf(
    await graph.invoke({ messages: [new AIMessage({ content: "", tool_calls })] }, THREAD),
  );
  const review = loop.reviews.find(waiting?.reviewId ?? "");
  await loop.reviews.approve(review?.id ?? "", { hash: review?.hash ?? "", reviewer: "ann" });
  await graph.invoke(new Command({ resume: true }), THREAD);
  assert.deepEqual([sent.length, noted.length], [1, 1]);
  assert.deepEqual(await loop.reviews.list(), []);
});

test("a sandboxed call, as the graph sees it", { skip: kvmMissing() }, async () => {
  await using world = await openTestLoop();
  const graph = graphOf(talk(world.loop, "writer"), [{ name: "python", args: { code: "print(6 * 7)" }, id: "1" }], []);
  const end = await graph.invoke(ASK, THREAD);
  assert.match(String(end.messages.at(-2)?.content), /output of python\]\n42\n/);
});
