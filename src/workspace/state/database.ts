import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type DatabaseFormat, openDatabase } from "../../base/database.ts";

/** How a workspace's directory or file that is not private is refused. */
export const WORKSPACE_REFUSAL = {
  code: "workspace-unsafe",
  otherwise: "Give the workspace a directory of this user's alone: what is in it is written to the host's files.",
};

const FORMAT: DatabaseFormat = {
  applicationId: "ztlw",
  // Counted up when manifests or plans change, too.
  version: 2,
  schema: [
    `CREATE TABLE change_set (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, state TEXT NOT NULL,
      run TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL, command TEXT NOT NULL, entries INTEGER NOT NULL,
      created INTEGER NOT NULL, expires INTEGER NOT NULL, decided INTEGER, decided_by TEXT, message TEXT, chosen TEXT,
      undone TEXT, conflicts TEXT, manifest TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX change_set_state ON change_set (state, agent)",
    "CREATE TABLE content_use (sha256 TEXT, change_set TEXT, PRIMARY KEY (sha256, change_set)) STRICT, WITHOUT ROWID",
    "CREATE TABLE outbox (attempt TEXT PRIMARY KEY, change_set TEXT NOT NULL, operation TEXT NOT NULL, files TEXT NOT NULL) STRICT",
    "CREATE TABLE journal (change_set TEXT PRIMARY KEY, operation TEXT NOT NULL, phase TEXT NOT NULL, plan TEXT NOT NULL) STRICT",
  ],
  code: "state-format",
  what: "the database of a workspace",
  remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
};

/** Change sets, what contents they use, and the journal of a sync. */
export function openWorkspaceDatabase(directory: string): DatabaseSync {
  return openDatabase({ path: join(directory, "workspace.sqlite"), format: FORMAT, refusal: WORKSPACE_REFUSAL });
}
