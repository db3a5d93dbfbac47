import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { CUT_MS_MAX, ENTRIES_MAX, ROW_JSON } from "../limits.ts";
import { temporaryDirectory } from "../testing/world.ts";
import { openWorkspaceDatabase } from "./database.ts";
import { itemsIn, rangesOf } from "./ranges.ts";
import { StoredLists } from "./stored-lists.ts";

const FORMAT = {
  name: "files",
  format: { what: "A list", limits: ROW_JSON, shape: z.array(z.string()), code: "damaged", remedy: "None." },
};

function open(t: TestContext): { database: DatabaseSync; lists: StoredLists } {
  const database = openWorkspaceDatabase(temporaryDirectory(t));
  t.after(() => database.close());
  return { database, lists: new StoredLists(database) };
}

function rowsOf(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS count FROM list_row").get()?.count);
}

test("a list is read as it was written, however long it or its items are", async (t) => {
  const { database, lists } = open(t);
  for (const items of [
    [],
    ["a"],
    ["long ".repeat(100_000), "b"],
    Array.from({ length: 20_000 }, (_, i) => `file ${i}`),
  ]) {
    const key = lists.begin();
    await lists.write(key, { name: "files", items });
    const texts: string[] = [];
    assert.deepEqual(await lists.read(key, FORMAT, (text) => texts.push(text)), items);
    assert.equal(`[${texts.join(",")}]`, JSON.stringify(items));
    await lists.remove(key);
    assert.equal(rowsOf(database), 0);
  }
});

test("who was killed while writing a list begins anew", async (t) => {
  const { lists } = open(t);
  const key = lists.begin();
  await lists.write(key, { name: "files", items: Array.from({ length: 1000 }, String) });
  await lists.write(key, { name: "files", items: ["a", "b"] });
  assert.deepEqual(await lists.read(key, FORMAT), ["a", "b"]);
});

test("lists that nothing names are removed when they are old, and only these", async (t) => {
  const { database, lists } = open(t);
  const [abandoned, recent, named] = [lists.begin(), lists.begin(), lists.begin()];
  for (const key of [abandoned, recent, named]) await lists.write(key, { name: "files", items: ["a"] });
  const use = database.prepare("INSERT INTO content_use VALUES ('0', ?)");
  for (const key of [abandoned, recent, named]) use.run(key);
  database.prepare("INSERT INTO outbox VALUES ('attempt', 'set', 'sync', 1, ?)").run(named);
  database.prepare("UPDATE list SET made = ? WHERE key <> ?").run(Date.now() - CUT_MS_MAX - 1, recent);
  await lists.removeAbandoned();
  assert.throws(() => lists.expectKept(abandoned), { code: "workspace-interrupted" });
  for (const key of [recent, named]) lists.expectKept(key);
  for (const table of ["list", "list_row"])
    assert.deepEqual(keysIn(database, `SELECT key FROM ${table}`), [recent, named].sort());
  assert.deepEqual(keysIn(database, "SELECT list AS key FROM content_use"), [recent, named].sort());
});

function keysIn(database: DatabaseSync, select: string): string[] {
  return database
    .prepare(select)
    .all()
    .map(({ key }) => String(key))
    .sort();
}

test("ranges stand for a choice, in one way", () => {
  const items = Array.from({ length: 40 }, (_, i) => i);
  for (let round = 0; round < 200; round++) {
    const chosen = items.filter((i) => (round * 7919 + i * i * 31) % 3 > 0);
    assert.deepEqual(itemsIn(rangesOf(chosen), items), chosen);
  }
  assert.deepEqual(rangesOf(items), [[0, 39]]);
  assert.deepEqual(itemsIn(rangesOf([]), items), []);
  for (const other of [
    [[0, 40]],
    [[3, 2]],
    [
      [2, 3],
      [1, 1],
    ],
    [
      [0, 1],
      [1, 2],
    ],
    [
      [0, 1],
      [2, 3],
    ],
  ] as const)
    assert.equal(itemsIn(other, items), undefined);
  const most = Array.from({ length: ENTRIES_MAX }, (_, i) => i);
  assert.equal(itemsIn([[0, ENTRIES_MAX - 1]], most)?.length, ENTRIES_MAX);
});
