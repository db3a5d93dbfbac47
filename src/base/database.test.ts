import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type DatabaseFormat,
  openDatabase,
  openDatabaseForReading,
  openLock,
  transaction,
  tryToBegin,
} from "./database.ts";

const FORMAT: DatabaseFormat = {
  applicationId: "ztlt",
  version: 3,
  schema: [
    "CREATE TABLE a (one INTEGER PRIMARY KEY AUTOINCREMENT,\n    two TEXT UNIQUE) STRICT",
    "CREATE INDEX a_two ON a (two)",
  ],
  code: "test-format",
  what: "a test",
  remedy: "Use another one.",
};
const refusal = { code: "test-unsafe", otherwise: "Choose another place." };

let place: string;
let path: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "ztl-database-"));
  path = join(place, "t.sqlite");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const open = (): DatabaseSync => openDatabase({ path, format: FORMAT, refusal });
const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

test("a new database has the one set of pragmas, and it and its log are private whatever the umask", () => {
  const before = process.umask(0);
  const database = open();
  process.umask(before);
  for (const name of ["", "-wal", "-shm"]) assert.equal(statSync(path + name).mode & 0o777, 0o600, name);
  const expected = {
    trusted_schema: 0,
    cell_size_check: 1,
    journal_mode: "wal",
    synchronous: 2,
    user_version: 3,
    busy_timeout: 5000,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(pragma(database, name), value, name);
  assert.equal(pragma(database, "application_id"), 0x7a746c74);
  database.exec("INSERT INTO a (two) VALUES ('x')");
  database.close();
  const again = open();
  assert.equal(again.prepare("SELECT two FROM a").get()?.two, "x");
  assert.equal(pragma(again, "trusted_schema"), 0);
  again.close();
});

test("what a new one begins with is there once", () => {
  for (let i = 0; i < 2; i++) {
    openDatabase({
      path,
      format: FORMAT,
      refusal,
      begin: (made) => made.exec("INSERT INTO a (two) VALUES ('first')"),
    }).close();
  }
  const database = openDatabaseForReading(path, FORMAT);
  assert.equal(database.prepare("SELECT count(*) AS n FROM a").get()?.n, 1);
  assert.throws(() => database.exec("INSERT INTO a (two) VALUES ('y')"), /readonly/);
  database.close();
});

test("another program's file, another version, one table more or less: refused and left as it was", () => {
  open().close();
  const whole = readFileSync(path);
  const changes = [
    "PRAGMA application_id = 17",
    "PRAGMA user_version = 2",
    "PRAGMA user_version = 4",
    "CREATE TABLE more (x)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END",
    "CREATE TRIGGER vector_t AFTER INSERT ON a BEGIN DELETE FROM a; END",
    "DROP INDEX a_two",
    "ALTER TABLE a ADD COLUMN three TEXT",
    "DROP TABLE a; CREATE VIEW a AS SELECT 1 AS one, 'x' AS two",
  ];
  for (const sql of changes) {
    writeFileSync(path, whole);
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.exec("PRAGMA journal_mode = DELETE");
    other.close();
    const changed = readFileSync(path);
    assert.throws(open, { code: "test-format", details: { path, remedy: "Use another one." } }, sql);
    assert.throws(() => openDatabaseForReading(path, FORMAT), { code: "test-format" }, sql);
    assert.deepEqual(readFileSync(path), changed, sql);
  }
});

test("a database of version 0.1.0, without an application id, is opened", () => {
  open().close();
  const old = new DatabaseSync(path);
  old.exec("PRAGMA application_id = 0");
  old.close();
  chmodSync(path, 0o644);
  open().close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a link, or a file that others may write, is refused", () => {
  symlinkSync("elsewhere", path);
  assert.throws(open, { code: "test-unsafe" });
  rmSync(path);
  open().close();
  chmodSync(path, 0o666);
  assert.throws(open, { code: "test-unsafe" });
});

test("what is no database is refused by SQLite", () => {
  writeFileSync(path, "x".repeat(4096), { mode: 0o600 });
  assert.throws(open, /not a database/);
});

test("tables that an extension keeps for itself are let be, its triggers are not", () => {
  open().close();
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE vector_chunks (x)");
  assert.throws(open, { code: "test-format" });
  const format = { ...FORMAT, keptBy: "vector_" };
  openDatabase({ path, format, refusal }).close();
  other.exec("CREATE TRIGGER vector_t AFTER INSERT ON a BEGIN DELETE FROM a; END");
  other.close();
  assert.throws(() => openDatabase({ path, format, refusal }), { code: "test-format" });
});

test("in memory nothing is made on disk", () => {
  const database = openDatabase({ path: ":memory:", format: FORMAT, refusal });
  database.exec("INSERT INTO a (two) VALUES ('x')");
  database.close();
});

test("processes that make one at once all get it", async () => {
  const module = fileURLToPath(new URL("./database.ts", import.meta.url));
  const script = `
    const { openDatabase } = await import(${JSON.stringify(module)});
    const database = openDatabase({ path: ${JSON.stringify(path)}, format: ${JSON.stringify(FORMAT)}, refusal: ${JSON.stringify(refusal)} });
    database.exec("INSERT INTO a (two) VALUES ('" + process.pid + "')");
    database.close();`;
  const statuses = await Promise.all(
    Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      return new Promise<number | null>((resolve) => child.on("close", resolve));
    }),
  );
  assert.deepEqual(statuses, Array(6).fill(0));
  const database = open();
  assert.equal(database.prepare("SELECT count(*) AS n FROM a").get()?.n, 6);
  database.close();
});

test("a transaction is all or nothing, also when SQLite has ended it by itself", () => {
  const database = open();
  const insert = (two: string): unknown => database.exec(`INSERT INTO a (two) VALUES ('${two}')`);
  assert.equal(
    transaction(database, () => insert("kept") ?? 7),
    7,
  );
  assert.throws(
    () =>
      transaction(database, () => {
        insert("lost");
        throw new Error("ours");
      }),
    /ours/,
  );
  assert.throws(
    () =>
      transaction(database, () => {
        insert("lost");
        database.exec("ROLLBACK");
        throw new Error("ours");
      }),
    /ours/,
  );
  assert.deepEqual(
    database
      .prepare("SELECT two FROM a")
      .all()
      .map(({ two }) => two),
    ["kept"],
  );
  database.close();
});

test("a lock is held by one connection, and free when that is closed", () => {
  const [one, other] = [openLock(path, refusal), openLock(path, refusal)];
  assert.ok(tryToBegin(one));
  assert.ok(!tryToBegin(other));
  one.close();
  assert.ok(tryToBegin(other));
  other.close();
});
