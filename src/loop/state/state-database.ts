import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type DatabaseFormat, openDatabase, openDatabaseForReading } from "../../base/database.ts";
import { BREAKER_TABLES } from "../breaker/breaker-store.ts";
import { STATE_REFUSAL } from "./state-directory.ts";

const FORMAT: DatabaseFormat = {
  applicationId: "ztls",
  version: 4,
  schema: [
    `CREATE TABLE review (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, run TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL,
      command TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, hash TEXT NOT NULL, title TEXT NOT NULL,
      details TEXT NOT NULL, decided_by TEXT, message TEXT
    ) STRICT`,
    "CREATE INDEX review_state ON review (state, created)",
    `CREATE TABLE call (
      number INTEGER PRIMARY KEY, agent TEXT NOT NULL, conversation TEXT NOT NULL, id TEXT NOT NULL, run TEXT NOT NULL,
      tool TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, review TEXT, answer TEXT, created INTEGER NOT NULL,
      UNIQUE (agent, conversation, id)
    ) STRICT`,
    `CREATE TABLE conversation (agent TEXT, name TEXT, taint TEXT NOT NULL, PRIMARY KEY (agent, name)) STRICT`,
    `CREATE TABLE known_ledger (
      one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, head TEXT NOT NULL, public_key TEXT NOT NULL
    ) STRICT`,
    ...BREAKER_TABLES,
  ],
  code: "state-format",
  what: "the state of a loop",
  remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
};

/** Given to the ledger, which makes it durable together with each entry. */
export function stateDatabasePath(directory: string): string {
  return join(directory, "loop.sqlite");
}

/**
 * What the loop itself must remember across processes: reviews of calls and contents, calls that were given names, and what each
 * conversation has been tainted with, and which breakers are open. A change is there for every process at once, also when this one is killed; the ledger's thread
 * waits for the disk, before anything that rests on the change is acknowledged.
 */
export function openStateDatabase(directory: string): DatabaseSync {
  const path = stateDatabasePath(directory);
  return openDatabase({ path, format: FORMAT, refusal: STATE_REFUSAL, synchronous: "later" });
}

export function openStateDatabaseForReading(directory: string): DatabaseSync {
  return openDatabaseForReading(stateDatabasePath(directory), FORMAT);
}
