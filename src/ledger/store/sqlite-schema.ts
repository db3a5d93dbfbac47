import type { DatabaseFormat } from "../../base/database.ts";

/** The tables of a ledger. `entry` repeats what queries look for; `verify` compares it with the signed bytes. */
export const LEDGER_FORMAT: DatabaseFormat = {
  applicationId: "ztll",
  version: 6,
  schema: [
    "CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT",
    "CREATE TABLE entry (place INTEGER PRIMARY KEY, hash BLOB NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL, " +
      "run TEXT, agent TEXT, bytes BLOB NOT NULL) STRICT",
    "CREATE INDEX entry_run ON entry (run, place) WHERE run IS NOT NULL",
    "CREATE INDEX entry_agent ON entry (agent, place) WHERE agent IS NOT NULL",
    "CREATE INDEX entry_kind ON entry (kind, place)",
    "CREATE INDEX entry_time ON entry (time, place)",
    "CREATE TABLE head (number INTEGER PRIMARY KEY, line TEXT NOT NULL, peaks BLOB NOT NULL) STRICT",
    ...appendOnly("entry"),
    ...appendOnly("head"),
  ],
  code: "ledger-format",
  what: "a ledger",
  remedy: "Its database was changed, or made by another version of this package: use that one, or another directory.",
};

/** Against accidents: a program that uses this database by mistake cannot change what is written. */
/** An entry's content is erased by writing its frame over it, and by nothing else. */
export const NO_UPDATE = triggerAgainst("entry", "UPDATE");

function appendOnly(table: string): string[] {
  return [triggerAgainst(table, "UPDATE"), triggerAgainst(table, "DELETE")];
}

function triggerAgainst(table: string, act: "UPDATE" | "DELETE"): string {
  const name = `${table}_no_${act.toLowerCase()}`;
  return `CREATE TRIGGER ${name} BEFORE ${act} ON ${table} BEGIN SELECT RAISE(ABORT, 'a ledger is append-only'); END`;
}
