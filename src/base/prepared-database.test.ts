import assert from "node:assert/strict";
import { test } from "node:test";
import { PreparedDatabase } from "./prepared-database.ts";

test("a statement is compiled once, and holds nothing back between its uses", () => {
  const database = new PreparedDatabase(":memory:");
  database.exec("CREATE TABLE line (text)");
  const insert = (text: string): unknown => database.prepare("INSERT INTO line VALUES (?)").run(text);
  for (const text of ["a", "b"]) insert(text);
  const first = database.prepare("SELECT text FROM line");
  assert.equal(first.get()?.text, "a");
  assert.equal(database.prepare("SELECT text FROM line"), first);
  // A read that were still under way would keep the table from being changed.
  database.exec("DROP TABLE line; CREATE TABLE line (text, more)");
  assert.throws(() => insert("c"), /2 columns/);
  database.prepare("INSERT INTO line VALUES (?, ?)").run("c", "d");
  assert.equal(first.get()?.text, "c");
});

test("the statements that are kept are bounded", () => {
  const database = new PreparedDatabase(":memory:");
  const first = database.prepare("SELECT 0");
  for (let i = 0; i <= 256; i++) assert.equal(Object.values(database.prepare(`SELECT ${i}`).get() ?? {})[0], i);
  assert.notEqual(database.prepare("SELECT 0"), first);
});
