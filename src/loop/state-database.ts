import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ZtlError } from "../errors.ts";

/** Counted up when the tables change; kept in SQLite's `user_version`. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE review (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, run TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL,
    command TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, hash TEXT NOT NULL, title TEXT NOT NULL,
    details TEXT NOT NULL, decided_by TEXT, message TEXT
  ) STRICT;
  CREATE INDEX review_state ON review (state, created);
  CREATE TABLE conversation (agent TEXT, name TEXT, taint TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (agent, name)) STRICT;
`;
/** How long SQLite waits for another process's transaction; ours take well under a millisecond. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * What the loop itself must remember across processes: reviews of calls and contents, and what each conversation has been
 * tainted with. Several processes use it at once (the agent's, the page's, a command's).
 */
export function openStateDatabase(directory: string): DatabaseSync {
  const database = new DatabaseSync(join(directory, "loop.sqlite"), { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  transaction(database, () => {
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version === 0) database.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
    else if (version !== SCHEMA_VERSION) {
      throw new ZtlError("state-format", `Expected state of format ${SCHEMA_VERSION}; found ${String(version)}`, {
        remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
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
