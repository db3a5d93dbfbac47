import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CALLS_PRUNED_EVERY, CALLS_REMEMBERED_MAX } from "../limits.ts";
import { openStateDatabase } from "../state/state-database.ts";
import { CallBook } from "./call-book.ts";

function twoBooks(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "ztl-call-book-"));
  const databases = [openStateDatabase(directory), openStateDatabase(directory)] as const;
  t.after(() => {
    for (const database of databases) database.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const [database, other] = databases;
  return { database, book: new CallBook(database, () => 0), other: new CallBook(other, () => 0) };
}

const call = (callId: string, runId = `run-${callId}`) => ({
  ...{ agent: "writer", conversation: "talk", callId, runId, tool: "python", hash: "a".repeat(64) },
});

test("a name is opened once, whichever process asks, and goes on as it was", (t) => {
  const { book, other } = twoBooks(t);
  assert.equal(book.open(call("one")).isNew, true);
  const again = other.open(call("one", "another-run"));
  assert.deepEqual([again.isNew, again.call.runId, again.call.state], [false, "run-one", "asked"]);
  assert.equal(other.move(call("one"), "asked", "permitted"), true);
  assert.equal(book.move(call("one"), "asked", "permitted"), false);
  assert.equal(book.open(call("one")).call.state, "permitted");
  assert.throws(() => book.open({ ...call("one"), hash: "b".repeat(64) }), { code: "call-id-reused" });
  assert.equal(book.open({ ...call("one"), conversation: "another" }).isNew, true);
});

test("the oldest names are forgotten, but for those that are waiting or running", (t) => {
  const { database, book } = twoBooks(t);
  for (const callId of ["done", "waiting"]) book.open(call(callId));
  book.move(call("waiting"), "asked", "waiting");
  database.exec(
    `WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ${CALLS_REMEMBERED_MAX})
     INSERT INTO call (agent, conversation, id, run, tool, hash, state, created)
     SELECT 'reader', 'talk', i, i, 'python', '', 'done', 0 FROM n`,
  );
  for (let i = 0; i < CALLS_PRUNED_EVERY; i++) book.open(call(`new ${i}`));
  assert.equal(book.find(call("done")), undefined);
  assert.equal(book.find(call("waiting"))?.state, "waiting");
  assert.equal(book.open(call("done")).isNew, true);
  const { rows } = database.prepare("SELECT count(*) AS rows FROM call").get() as { rows: number };
  assert.ok(rows <= CALLS_REMEMBERED_MAX + CALLS_PRUNED_EVERY, `${rows} calls are kept`);
});
