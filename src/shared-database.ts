import { DatabaseSync } from "node:sqlite";
import { ZtlError } from "./errors.ts";

/** How long SQLite waits for another process's transaction; ours take milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * A database that several processes use at once: the agent's, the page's, a command's. Commits are on disk when they return.
 * `version` is counted up when the meaning of what is in it changes; it is kept in SQLite's `user_version`.
 * Throws ZtlError `state-format` for one of another version.
 */
export function openSharedDatabase(path: string, schema: string, version: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  transaction(database, () => {
    const found = database.prepare("PRAGMA user_version").get()?.user_version;
    if (found === 0) database.exec(`${schema} PRAGMA user_version = ${version};`);
    else if (found !== version) {
      throw new ZtlError("state-format", `Expected ${path} to have format ${version}; found ${String(found)}`, {
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
