import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import type { Body } from "../../ledger/index.ts";
import type { LoopConfig } from "../../policy/index.ts";
import { assemble } from "../assemble.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import { openTestLoop, received, talk } from "../testing.ts";

const MAIL = { tool: "mail", input: { to: "ann" } };

/** What the ledger has of breakers, in its order. */
function recorded(loop: ZeroTrustLoop): Body<"breaker">[] {
  return loop.ledger.query({ kind: "breaker" }).map(({ body }) => body as Body<"breaker">);
}

async function isStopped(loop: ZeroTrustLoop, agent: string, conversation = "main"): Promise<boolean> {
  const permit = await talk(loop, agent, conversation).permit({ ...MAIL, tool: agent === "writer" ? "mail" : "fetch" });
  if (permit.status === "permitted") return false;
  assert.equal(permit.status, "refused");
  assert.equal(permit.status === "refused" && permit.decision.rule, "breaker");
  return true;
}

/** A call that ends only when it is ended. */
const ENDLESS = { tool: "python", input: { code: "while True: pass" } };

/** Both loops run as many calls as are begun; the one here is on its way when this resolves. */
async function endless(loop: ZeroTrustLoop, conversation = "main"): Promise<{ ended: Promise<Ended> }> {
  const call = talk(loop, "writer", conversation).call(ENDLESS);
  await later(300);
  return {
    ended: call.then((result) => ({ status: result.status, text: result.forModel.text })),
  };
}

interface Ended {
  readonly status: string;
  readonly text: string;
}

describe("an open breaker", () => {
  test("refuses with a stable code, and says why, who opened it and what to do", async () => {
    await using world = await openTestLoop();
    const { loop } = world;
    const opened = await loop.breakers.open({ by: "ann", message: "It mails strangers" });
    const permit = await talk(loop, "writer").permit(MAIL);
    assert.equal(permit.status, "refused");
    if (permit.status !== "refused") return;
    assert.equal(permit.decision.rule, "breaker");
    for (const told of [permit.decision.reason, permit.forModel.text]) {
      assert.match(told, /The breaker of all agents is open/);
      assert.match(told, /ann opened it: It mails strangers\./);
      assert.match(told, new RegExp(`ztl breaker close ${opened.id.slice(0, 8)}`));
    }
    const call = await talk(loop, "writer").call({ tool: "python", input: { code: "print(1)" } });
    assert.equal(call.status === "refused" && call.decision.rule, "breaker");
    assert.equal(talk(loop, "writer").decide({ tool: "mail" }).rule, "breaker");
    const sent = await talk(loop, "reader").send({ to: talk(loop, "writer"), text: "mail it for me" });
    assert.equal(sent.status === "refused" && sent.decision.rule, "breaker");
  });

  test("stops what it is over, and nothing else", async () => {
    const reach = async (open: (loop: ZeroTrustLoop) => Promise<unknown>): Promise<readonly boolean[]> => {
      await using world = await openTestLoop();
      await open(world.loop);
      return [
        await isStopped(world.loop, "writer"),
        await isStopped(world.loop, "writer", "other"),
        await isStopped(world.loop, "reader"),
      ];
    };
    assert.deepEqual(await reach(({ breakers }) => breakers.open({ by: "ann" })), [true, true, true]);
    assert.deepEqual(await reach(({ breakers }) => breakers.open({ by: "ann", agent: "writer" })), [true, true, false]);
    const conversation = { by: "ann", agent: "writer", conversation: "main" };
    assert.deepEqual(await reach(({ breakers }) => breakers.open(conversation)), [true, false, false]);
    const run = async (loop: ZeroTrustLoop): Promise<void> => {
      const permit = await talk(loop, "writer").permit({ ...MAIL, callId: "one" });
      await loop.breakers.open({ by: "ann", runId: permit.runId });
      const again = await talk(loop, "writer").permit({ ...MAIL, callId: "one" });
      assert.equal(again.status === "refused" && again.decision.rule, "breaker");
    };
    assert.deepEqual(await reach(run), [false, false, false]);
  });

  test("of an agent stops all that the configuration has under its pattern, whoever made them", async () => {
    const change = (config: LoopConfig): LoopConfig => ({
      ...config,
      agents: { ...config.agents, "worker-*": { role: "writing" }, "worker-9": { role: "writing" } },
      breaker: { trips: [{ on: "violation", scope: "agent" }] },
    });
    await using world = await openTestLoop(change);
    const { loop } = world;
    await talk(loop, "worker-1").permit({ tool: "nothing", input: {} });
    const states = ["worker-1", "worker-2", "worker-9", "writer"].map(
      (agent) => talk(loop, agent).decide({ tool: "mail" }).rule === "breaker",
    );
    assert.deepEqual(states, [true, true, false, false]);
    assert.equal(recorded(loop)[0]?.agent, "worker-*");
  });

  test("with closes: outward leaves the rest to go on", async () => {
    await using world = await openTestLoop((config) => ({ ...config, breaker: { closes: "outward" } }));
    const { loop } = world;
    await loop.breakers.open({ by: "ann" });
    const call = await talk(loop, "writer").call({ tool: "python", input: { code: "print(6 * 7)" } });
    assert.equal(call.status, "ok");
    assert.ok(await isStopped(loop, "writer"));
    const sent = await talk(loop, "reader").send({ to: talk(loop, "writer"), text: "mail it for me" });
    assert.equal(sent.status, "refused");
  });

  test("is there for other processes, and after a restart", async () => {
    await using world = await openTestLoop();
    const other = await world.again();
    assert.equal(await isStopped(other, "writer"), false);
    const { id } = await world.loop.breakers.open({ by: "ann" });
    assert.ok(await isStopped(other, "writer"));
    await world.loop.close();
    const later = await world.again();
    assert.ok(await isStopped(later, "writer"));
    assert.equal((await later.breakers.close(id, { reviewer: "ann" })).status, "closed");
    assert.equal(await isStopped(other, "writer"), false);
  });

  test("whose row was changed is open, and stops what it may be over", async () => {
    await using world = await openTestLoop();
    await world.loop.breakers.open({ by: "ann", agent: "writer" });
    const { openStateDatabase } = await import("../state/state-database.ts");
    const database = openStateDatabase(world.loop.stateDirectory);
    database.exec("UPDATE breaker SET opening = '{}'");
    database.close();
    await assert.rejects(talk(world.loop, "writer").permit(MAIL), { code: "breaker-damaged" });
    assert.equal(await isStopped(world.loop, "reader"), false);
  });
});

describe("what goes on when a breaker is opened", () => {
  test("runs of its scope are ended, here and in another process, and others are not", async () => {
    await using world = await openTestLoop();
    const other = await world.again();
    const mine = await endless(world.loop, "a");
    const theirs = await endless(other, "a");
    const apart = await endless(world.loop, "b");
    await world.loop.breakers.open({ by: "ann", agent: "writer", conversation: "a", message: "enough" });
    for (const { ended } of [mine, theirs]) {
      const { status, text } = await ended;
      assert.equal(status, "cancelled");
      assert.match(text, /A breaker was opened over this call and ended it: enough/);
    }
    assert.equal(await Promise.race([apart.ended.then(() => "ended"), later(200).then(() => "goes on")]), "goes on");
    await other.breakers.open({ by: "ann" });
    assert.equal((await apart.ended).status, "cancelled");
    for (const { body } of world.loop.ledger.query({ kind: "run" }))
      assert.equal((body as Body<"run">).status, "cancelled");
  });

  test("who watches beside the calls is told once, of what is over it, in another process too", async () => {
    await using world = await openTestLoop();
    const { breakers } = world.loop;
    const told: Record<string, string[]> = {};
    const watch = (name: string, who: { agent?: string; conversation?: string }): (() => void) => {
      const heard: string[] = [];
      told[name] = heard;
      return breakers.watch(who, ({ reason }) => heard.push(reason));
    };
    const expectTold = (expected: Record<string, string[]>): void => assert.deepEqual(told, expected);
    const ends = [
      watch("all", {}),
      watch("writer", { agent: "writer" }),
      watch("a", { agent: "writer", conversation: "a" }),
      watch("reader", { agent: "reader" }),
    ];
    const gone = watch("gone", { agent: "writer" });
    gone();
    assert.throws(() => breakers.watch({ agent: "nobody" }, () => {}), { code: "unknown-agent" });
    await breakers.open({ by: "ann", agent: "writer", conversation: "a", message: "one" });
    expectTold({ all: [], writer: [], a: ["one"], reader: [], gone: [] });
    await breakers.open({ by: "ann", agent: "writer", message: "two" });
    expectTold({ all: [], writer: ["two"], a: ["one"], reader: [], gone: [] });
    await (await world.again()).breakers.open({ by: "ann", message: "three" });
    for (let tries = 0; tries < 200 && told.reader?.length === 0; tries++) await later(20);
    expectTold({ all: ["three"], writer: ["two"], a: ["one"], reader: ["three"], gone: [] });
    watch("late", {})();
    assert.deepEqual(told.late, ["three"], "what is open is told at once");
    for (const end of ends) end();
  });

  test("a tool that runs elsewhere is told by its signal, and is not begun once it is open", async () => {
    await using world = await openTestLoop();
    const { loop } = world;
    const call = talk(loop, "writer").use(MAIL, async (_, { signal }) => {
      const aborted = new Promise((resolve) => signal?.addEventListener("abort", resolve));
      await loop.breakers.open({ by: "ann" });
      await aborted;
      throw signal?.reason as Error;
    });
    const result = await call;
    assert.equal(result.status === "error" && result.error.code, "breaker-open");
    let begun = false;
    await talk(loop, "writer").use(MAIL, () => {
      begun = true;
      return "sent";
    });
    assert.equal(begun, false);
  });

  test("connections are told before the opening returns; what comes after it is told at once", async () => {
    await using world = await openTestLoop();
    const { directory, config } = world;
    const { parts, close } = await assemble({ config, directory });
    const { breaker } = parts;
    const told: string[] = [];
    const live = { agent: "writer", conversation: "main", runId: "r", tool: "mail" };
    const end = breaker.watch(live, ({ reason }) => told.push(`first: ${reason}`));
    const ended = breaker.watch({ ...live, agent: "reader" }, () => told.push("another agent's"));
    const opened = breaker.open({ target: { scope: "agent", agent: "writer" }, source: "leak", reason: "a key" });
    assert.deepEqual(told, ["first: a key"]);
    await opened;
    breaker.watch(live, ({ reason }) => told.push(`late: ${reason}`));
    await breaker.open({ target: { scope: "global" }, source: "leak", reason: "another" });
    assert.deepEqual(told, ["first: a key", "late: a key", "another agent's"]);
    end();
    ended();
    await close();
  });

  test("is told before anything is written: who holds the database delays nothing", async () => {
    await using world = await openTestLoop();
    const { parts, close } = await assemble({ config: world.config, directory: world.directory });
    const { openStateDatabase } = await import("../state/state-database.ts");
    const holder = openStateDatabase(world.loop.stateDirectory);
    holder.exec("BEGIN IMMEDIATE");
    const live = { agent: "writer", conversation: "main", runId: "r", tool: "mail" };
    // Until it is told, nothing can be written; then the holder lets go.
    parts.breaker.watch(live, () => holder.exec("COMMIT"));
    const target = { scope: "conversation", agent: "writer", conversation: "main" } as const;
    const breaker = await parts.breaker.open({ target, source: "leak", reason: "a key" });
    assert.equal(breaker.state, "open");
    holder.close();
    await close();
  });

  test("a permit that was not used yet is worth nothing while it is open, and is not used up", async () => {
    await using world = await openTestLoop();
    const { loop } = world;
    const call = { tool: "deploy", input: { code: "echo deployed" }, callId: "once" };
    const asked = await talk(loop, "writer").permit(call);
    assert.equal(asked.status, "waiting");
    if (asked.status !== "waiting") return;
    const review = await loop.reviews.get(asked.reviewId);
    await loop.reviews.approve(asked.reviewId, { reviewer: "ann", hash: review?.hash ?? "" });
    assert.equal((await talk(loop, "writer").permit(call)).status, "permitted");
    const { id } = await loop.breakers.open({ by: "ann" });
    const refused = await talk(loop, "writer").call(call);
    assert.equal(refused.status === "refused" && refused.decision.rule, "breaker");
    await loop.breakers.close(id, { reviewer: "ann" });
    assert.equal((await talk(loop, "writer").call(call)).status, "ok");
  });
});

test("a result of what was permitted before is taken, through the guard as always", async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  const permit = await talk(loop, "reader").permit({ tool: "fetch", input: {} });
  await loop.breakers.open({ by: "ann" });
  assert.equal(permit.status, "permitted");
  const taken = await talk(loop, "reader").receive({ callId: permit.callId, content: "a page" });
  assert.equal(taken.status, "ok");
  await assert.rejects(received(talk(loop, "reader"), "fetch", "another"), /refused/);
});
