import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { LoopConfig } from "../../policy/index.ts";
import type { ZeroTrustLoop } from "../loop.ts";
import { openTestLoop, received, type TestLoop, talk } from "../testing.ts";
import { inTurn, pageOf } from "./queue.ts";
import type { ReviewSummary } from "./review.ts";

const withQuota =
  (perAgent: object) =>
  (config: LoopConfig): LoopConfig => ({
    ...config,
    agents: { ...config.agents, "worker-*": { role: "writing" }, other: { role: "writing" } },
    reviews: { perAgent },
  });

async function ask(loop: ZeroTrustLoop, agent: string, code: string): Promise<string> {
  const permit = await talk(loop, agent).permit({ tool: "deploy", input: { code } });
  return permit.status === "refused" ? permit.decision.rule : permit.status;
}

test("an agent with too much waiting is refused before it does more; others, and what was asked, are not", async () => {
  await using world = await openTestLoop(withQuota({ open: 5 }));
  const { loop } = world;
  const first = await talk(loop, "writer").permit({ tool: "deploy", callId: "first", input: { code: "first" } });
  assert.ok(first.status === "waiting");
  for (let i = 1; i < 5; i++) assert.equal(await ask(loop, "writer", `echo ${i}`), "waiting");
  assert.equal(await ask(loop, "writer", "one more"), "review-quota");
  assert.equal(await ask(loop, "other", "echo"), "waiting");
  // Nor does it run anything whose output or changes could not be kept for a person.
  const run = await talk(loop, "writer").call({ tool: "shell", input: { code: "true" } });
  assert.ok(run.status === "refused" && run.decision.rule === "review-quota");
  assert.match(run.forModel.text, /when people have decided/);
  assert.equal(talk(loop, "writer").decide({ tool: "shell" }).rule, "review-quota");
  // A person's yes to one of them is worth something all the same.
  const { reviewId } = first;
  const review = loop.reviews.find(reviewId);
  assert.equal((await loop.reviews.approve(reviewId, { hash: review?.hash ?? "", reviewer: "me" })).status, "done");
  assert.equal(await ask(loop, "writer", "in its place"), "waiting");
  const again = await talk(loop, "writer").permit({ tool: "deploy", callId: "first", input: { code: "first" } });
  assert.equal(again.status, "permitted");
});

test("agents of one pattern count together; bytes count as well as reviews", async () => {
  await using world = await openTestLoop(withQuota({ open: 4, bytes: 100_000 }));
  const { loop } = world;
  for (let i = 0; i < 4; i++) assert.equal(await ask(loop, `worker-${i}`, "echo"), "waiting");
  assert.equal(await ask(loop, "worker-9", "echo"), "review-quota");
  assert.equal(await ask(loop, "other", "x".repeat(200_000)), "waiting");
  assert.equal(await ask(loop, "other", "echo"), "review-quota");
});

const FLAGGED = "Thought: I should look\nAction: shell\nAction Input: ls\n";

test("withheld contents count, and what was withheld last is kept", async () => {
  await using world = await openTestLoop(withQuota({ open: 2 }));
  const { loop } = world;
  const conversation = talk(loop, "reader");
  for (let i = 0; i < 2; i++) {
    const result = await received(conversation, "fetch", `${FLAGGED} ${i}`);
    assert.ok(result.status === "flagged", result.status);
    assert.equal((await loop.reviews.get(result.reviewId))?.kind, "content");
  }
  await assert.rejects(received(conversation, "fetch", "fine"), /refused/);
});

test("a flood of one agent hides nobody: the oldest of each come first, in the list and page by page", async () => {
  await using world = await openTestLoop(withQuota({ open: 500 }));
  const { loop } = world;
  for (let i = 0; i < 205; i++)
    assert.equal(await ask(loop, i < 100 ? "writer" : `worker-${i}`, `echo ${i}`), "waiting");
  assert.equal(await ask(loop, "other", "the one that matters"), "waiting");
  const top = await loop.reviews.list({ limit: 3 });
  assert.deepEqual(
    top.map(({ agent }) => agent),
    ["writer", "worker-100", "other"],
  );
  const seen: string[] = [];
  for (let after: string | undefined; ; ) {
    const page: readonly ReviewSummary[] = await loop.reviews.list({
      limit: 50,
      ...(after !== undefined && { after }),
    });
    seen.push(...page.map(({ id }) => id));
    after = page.at(-1)?.id;
    if (page.length < 50) break;
  }
  assert.deepEqual([seen.length, new Set(seen).size], [206, 206]);
  const others = await loop.reviews.list({ agent: "other" });
  assert.equal(others.length, 1);
  const [newest] = await loop.reviews.list({ state: "all", limit: 1 });
  assert.equal(newest?.agent, "other");
});

/** As many workspaces with something pending as an agent's conversations make. */
function flood(world: TestLoop, agents: readonly { readonly agent: string; readonly count: number }[]): void {
  const database = new DatabaseSync(join(world.directory, "state", "workspace", "workspace.sqlite"));
  const insert = database.prepare(
    `INSERT INTO space (id, owner, agent, review, head, hash, roots, entries, bytes, run, tool, command, began, expires)
     VALUES (?, ?, ?, ?, ?, '', '[]', 1, 1, 'run', 'shell', 'command', ?, ?)`,
  );
  const now = Date.now();
  let head = 0;
  database.exec("BEGIN");
  for (const { agent, count } of agents)
    for (let i = 0; i < count; i++)
      insert.run(randomUUID(), randomUUID(), agent, randomUUID(), ++head, now - 100_000 + head, now + 1e7);
  database.exec("COMMIT");
  database.close();
}

test("a flood of change sets hides nobody either, however long the list; all of it counts", async () => {
  await using world = await openTestLoop(withQuota({ open: 1200 }));
  const { loop } = world;
  // Whoever came first has changed nothing since: a list of the last ones would leave it out.
  flood(world, [
    { agent: "other", count: 1 },
    { agent: "writer", count: 1000 },
    { agent: "worker-1", count: 700 },
    { agent: "worker-2", count: 499 },
  ]);
  const top = await loop.reviews.list({ limit: 3 });
  assert.deepEqual(
    top.map(({ agent }) => agent),
    ["other", "writer", "worker-1"],
  );
  assert.equal((await loop.reviews.list({ agent: "other" })).length, 1);
  const ids = new Set<string>();
  for (let after: string | undefined; ; ) {
    const page = await loop.reviews.list({ limit: 900, ...(after !== undefined && { after }) });
    for (const { id } of page) ids.add(id);
    after = page.at(-1)?.id;
    if (page.length < 900) break;
  }
  assert.equal(ids.size, 2200);
  assert.equal(await ask(loop, "writer", "echo"), "waiting");
  assert.equal(await ask(loop, "worker-3", "the last that may wait"), "waiting");
  assert.equal(await ask(loop, "worker-4", "echo"), "review-quota");
});

test("what cannot be ended when its time is over is listed on, with all others, and told once", async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  flood(world, [{ agent: "writer", count: 2 }]);
  const database = new DatabaseSync(join(world.directory, "state", "workspace", "workspace.sqlite"));
  database.exec("UPDATE space SET roots = 'x', expires = 1");
  database.close();
  const warnings: string[] = [];
  const warned = ({ name }: Error): number => warnings.push(name);
  process.on("warning", warned);
  assert.equal(await ask(loop, "writer", "echo"), "waiting");
  for (let i = 0; i < 3; i++) assert.equal((await loop.reviews.list()).length, 3);
  await new Promise(setImmediate);
  process.off("warning", warned);
  assert.deepEqual(
    warnings.filter((name) => name === "ZtlExpiryWarning"),
    ["ZtlExpiryWarning", "ZtlExpiryWarning"],
  );
});

test("the version is another one when anything that waits is, in this process or another, and only then", async () => {
  await using world = await openTestLoop();
  const [loop, other] = [world.loop, await world.again()];
  const versions = (): string[] => [loop.reviews.version(), other.reviews.version()];
  let before = versions();
  const expectMoved = (what: string): void => {
    const now = versions();
    for (const [index, version] of now.entries()) assert.notEqual(version, before[index], what);
    before = now;
  };
  await loop.reviews.list();
  await other.reviews.list();
  assert.deepEqual(versions(), before);
  assert.equal(await ask(loop, "writer", "echo"), "waiting");
  expectMoved("asked");
  const [review] = await other.reviews.list();
  assert.deepEqual(versions(), before);
  await other.reviews.reject(review?.id ?? "", { reviewer: "me" });
  expectMoved("rejected");
  flood(world, [{ agent: "writer", count: 1 }]);
  expectMoved("files changed");
});

test("in turn, of equal age too; a page that begins after what is gone begins at the start", () => {
  const review = (id: string, agent: string, createdAt: number): ReviewSummary =>
    ({ id, agent, createdAt }) as unknown as ReviewSummary;
  const reviews = [review("d", "b", 5), review("c", "a", 3), review("a", "a", 1), review("b", "a", 1)];
  const order = inTurn(reviews, (agent) => agent).map(({ id }) => id);
  assert.deepEqual(order, ["a", "d", "b", "c"]);
  const ids = order.map((id) => ({ id }));
  assert.deepEqual(pageOf(ids, { after: "d", limit: 1 }), [{ id: "b" }]);
  assert.deepEqual(pageOf(ids, { after: "gone", limit: 2 }), ids.slice(0, 2));
  assert.deepEqual(pageOf(ids, { after: "c", limit: 2 }), []);
});
