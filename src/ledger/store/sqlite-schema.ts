import type { DatabaseSync } from "node:sqlite";
import { ZtlError } from "../../errors.ts";

/** The tables of a ledger. `entry` repeats what queries look for; `verify` compares it with the signed bytes. */

/** Counted up when the tables change; kept in SQLite's `user_version`. */
export const SCHEMA_VERSION = 1;

const OBJECTS: Readonly<Record<string, string>> = {
  ledger: "CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT",
  entry:
    "CREATE TABLE entry (place INTEGER PRIMARY KEY, hash BLOB NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL, " +
    "run TEXT, agent TEXT, bytes BLOB NOT NULL) STRICT",
  entry_run: "CREATE INDEX entry_run ON entry (run, place) WHERE run IS NOT NULL",
  entry_agent: "CREATE INDEX entry_agent ON entry (agent, place) WHERE agent IS NOT NULL",
  entry_kind: "CREATE INDEX entry_kind ON entry (kind, place)",
  entry_time: "CREATE INDEX entry_time ON entry (time, place)",
  head: "CREATE TABLE head (number INTEGER PRIMARY KEY, line TEXT NOT NULL, peaks BLOB NOT NULL) STRICT",
  ...appendOnly("entry"),
  ...appendOnly("head"),
};

/** Against accidents: a program that uses this database by mistake cannot change what is written. */
function appendOnly(table: string): Record<string, string> {
  const refuse = `BEGIN SELECT RAISE(ABORT, 'a ledger is append-only'); END`;
  return {
    [`${table}_no_update`]: `CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} ${refuse}`,
    [`${table}_no_delete`]: `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} ${refuse}`,
  };
}

/** Makes the tables in an empty database, inside the caller's transaction. */
export function createSchema(database: DatabaseSync, ledgerId: string): void {
  for (const sql of Object.values(OBJECTS)) database.exec(sql);
  database.prepare("INSERT INTO ledger (one, id) VALUES (1, ?)").run(ledgerId);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

export function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n === 0;
}

/**
 * Throws ZtlError `ledger-format` unless the tables are exactly ours: a view in place of a table, or one more trigger, could show
 * other rows than are there.
 */
export function expectSchema(database: DatabaseSync): void {
  const version = database.prepare("PRAGMA user_version").get()?.user_version;
  if (version !== SCHEMA_VERSION) {
    throw new ZtlError("ledger-format", `Expected a ledger of format ${SCHEMA_VERSION}; found ${String(version)}`, {
      version,
    });
  }
  const rows = database.prepare("SELECT name, sql FROM sqlite_schema").all();
  const found = new Map(rows.map((row) => [String(row.name), row.sql]));
  const names = new Set([...found.keys(), ...Object.keys(OBJECTS)]);
  const strange = [...names].filter((name) => found.get(name) !== OBJECTS[name]);
  if (strange.length > 0) {
    throw new ZtlError("ledger-format", `The tables are not a ledger's: ${strange.join(", ")}`.toWellFormed(), {
      strange,
    });
  }
}
