import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openSharedDatabase } from "../../shared-database.ts";

/** Counted up when tables, manifests or plans change. */
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

/** Change sets, what contents they use, and the journal of a sync. */
export function openDatabase(directory: string): DatabaseSync {
  return openSharedDatabase(join(directory, "workspace.sqlite"), SCHEMA, SCHEMA_VERSION);
}
