import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { LogSync } from "./log-sync.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-log-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "some.sqlite");
const WITHOUT_WAIT = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0";

test("the log is folded back, so that it does not grow for ever", async () => {
  const database = new DatabaseSync(path);
  database.exec(`${WITHOUT_WAIT}; CREATE TABLE line (text)`);
  const log = new LogSync(path);
  const insert = database.prepare("INSERT INTO line VALUES (zeroblob(1000))");
  const sizes: number[] = [];
  for (let i = 0; i < 2000; i++) {
    insert.run();
    await log.flush();
    if (i % 500 === 499) sizes.push(statSync(`${path}-wal`).size);
  }
  assert.equal(sizes.at(-1), sizes[0], "it is used again from its beginning");
  assert.ok(statSync(path).size > 1_000_000, "what was in it is in the database");
  database.close();
  log.close();
});

test("a log that was removed with its last connection is looked for again", async () => {
  const log = new LogSync(path);
  const first = new DatabaseSync(path);
  first.exec(`${WITHOUT_WAIT}; INSERT INTO line VALUES (1)`);
  await log.flush();
  rmSync(`${path}-wal`);
  await log.flush();
  first.close();
  log.close();
});
