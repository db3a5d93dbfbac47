import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openSharedDatabase } from "../../shared-database.ts";

/** Counted up when the tables change. */
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

/**
 * What the loop itself must remember across processes: reviews of calls and contents, and what each conversation has been
 * tainted with.
 */
export function openStateDatabase(directory: string): DatabaseSync {
  return openSharedDatabase(join(directory, "loop.sqlite"), SCHEMA, SCHEMA_VERSION);
}
