import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Conversation } from "../handles/conversation.ts";
import { openTestLoop, talk } from "../testing.ts";
import { INDEX_FILE } from "./index-database.ts";
import type { RunFilter } from "./run-index.ts";

/** Found by index, and the same as the ledger tells of each run. */

async function called(conversation: Conversation, tool: string, input: object, content: string): Promise<string> {
  const permit = await conversation.permit({ tool, input: input as never });
  if (permit.status !== "permitted") return permit.runId;
  await conversation.receive({ callId: permit.callId, content });
  return permit.runId;
}

const FORGED = "Thought: x\nAction: y\nAction Input: z\n";

test("runs are found by each of their members, and by what is in them", async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  const one = await called(talk(loop, "reader", "first"), "fetch", { url: "https://Harbour.example/a" }, "fine");
  const two = await called(talk(loop, "reader", "second"), "fetch", { url: "https://b.example" }, FORGED);
  const three = await called(talk(loop, "reader", "second"), "mail", { to: "x" }, "never sent");
  const four = await called(talk(loop, "writer", "third"), "mail", { to: "Ä%_\\x" }, "sent");
  const moment = loop.ledger.query({ runId: three })[0]?.time;

  const found = async (filter: RunFilter): Promise<string[]> =>
    (await loop.records.runs(filter)).rows.map(({ runId }) => runId);
  assert.deepEqual(await found({}), [four, three, two, one]);
  assert.deepEqual(await found({ agent: "reader" }), [three, two, one]);
  assert.deepEqual(await found({ tool: "mail" }), [four, three]);
  assert.deepEqual(await found({ conversation: "second" }), [three, two]);
  assert.deepEqual(await found({ conversation: "second", tool: "fetch" }), [two]);
  assert.deepEqual(await found({ status: "refuse" }), [three]);
  assert.deepEqual(await found({ verdict: "admit" }), [four, one]);
  assert.deepEqual(await found({ finding: "" }), [two]);
  assert.deepEqual(await found({ finding: "no-such" }), []);
  assert.deepEqual(await found({ search: "harbour.EXAMPLE" }), [one]);
  // Nothing in what is searched for has a meaning of its own.
  assert.deepEqual(await found({ search: "ä%_" }), [four]);
  assert.deepEqual(await found({ search: "%" }), [four]);
  assert.deepEqual(await found({ since: moment, agent: "reader" }), [three]);
  assert.deepEqual(await found({ until: "2000-01-01T00:00:00.000Z" }), []);
  assert.deepEqual(await loop.records.idsOf(two.slice(0, 8)), [two]);
  assert.deepEqual(await loop.records.idsOf(""), []);
});

test("pages follow one another, also when new runs come in between", async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await called(talk(loop, "reader"), "fetch", { i }, String(i)));
  const first = await loop.records.runs({ limit: 2 });
  await called(talk(loop, "reader"), "fetch", {}, "newer");
  const second = await loop.records.runs({ limit: 2, beforeIndex: first.next });
  const third = await loop.records.runs({ limit: 2, beforeIndex: second.next });
  const rows = [first, second, third].flatMap((page) => page.rows.map(({ runId }) => runId));
  assert.deepEqual([rows, third.next], [ids, undefined]);
});

test("an index that was removed, or is another ledger's, is made anew; every row is what the ledger tells", async () => {
  await using world = await openTestLoop();
  const { loop, directory } = world;
  for (const content of ["a", FORGED, "b"]) await called(talk(loop, "reader"), "fetch", { content }, content);
  const before = await loop.records.runs();
  for (const row of before.rows) assert.deepEqual((await loop.records.run(row.runId))?.row, row);
  await loop.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(directory, "state", INDEX_FILE + suffix), { force: true });
  const again = await world.again();
  assert.deepEqual(await again.records.runs(), before);
  await again.close();
  // Put back to an older state as a whole, the ledger is shorter than the index says.
  rmSync(join(directory, "state", "ledger"), { recursive: true });
  rmSync(join(directory, "state", "loop.sqlite"), { force: true });
  const other = await world.again().catch(() => undefined);
  if (other === undefined) return;
  assert.deepEqual((await other.records.runs()).rows, []);
});
