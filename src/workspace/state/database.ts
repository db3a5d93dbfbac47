import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ZtlError } from "../../errors.ts";
import { BUSY_TIMEOUT_MS } from "../limits.ts";

/** Counted up when tables, manifests or plans change; kept in SQLite's `user_version`. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE change_set (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, state TEXT NOT NULL,
    run TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL, command TEXT NOT NULL, entries INTEGER NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, decided INTEGER, decided_by TEXT, message TEXT, chosen TEXT,
    conflicts TEXT, manifest TEXT NOT NULL
  ) STRICT;
  CREATE INDEX change_set_state ON change_set (state, agent);
  CREATE TABLE content_use (sha256 TEXT, change_set TEXT, PRIMARY KEY (sha256, change_set)) STRICT, WITHOUT ROWID;
  CREATE TABLE journal (change_set TEXT PRIMARY KEY, operation TEXT NOT NULL, phase TEXT NOT NULL, plan TEXT NOT NULL) STRICT;
`;

/** What several processes share: the agent's, the page's and a command's. Commits are on disk when they return. */
export function openDatabase(directory: string): DatabaseSync {
  const database = new DatabaseSync(join(directory, "workspace.sqlite"), { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  transaction(database, () => {
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version === 0) database.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
    else if (version !== SCHEMA_VERSION) {
      throw new ZtlError("state-format", `Expected a workspace of format ${SCHEMA_VERSION}; found ${String(version)}`, {
        remedy: "It was made by another version of this package: use that one, or another directory.",
      });
    }
  });
  return database;
}

/** All or nothing, and alone: nobody else writes between what is read and what is written. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
