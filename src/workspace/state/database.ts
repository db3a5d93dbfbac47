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
  version: 7,
  schema: [
    `CREATE TABLE change_set (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, state TEXT NOT NULL,
      run TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL, command TEXT NOT NULL, entries INTEGER NOT NULL,
      created INTEGER NOT NULL, expires INTEGER NOT NULL, decided INTEGER, decided_by TEXT, message TEXT, chosen TEXT,
      undone TEXT, conflicts INTEGER, roots TEXT NOT NULL, lists TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX change_set_state ON change_set (state, agent)",
    "CREATE INDEX change_set_lists ON change_set (lists)",
    // What is long of the others: entries and conflicts, steps and objects, names of files.
    "CREATE TABLE list (key TEXT PRIMARY KEY, made INTEGER NOT NULL) STRICT",
    `CREATE TABLE list_row (
      key TEXT, name TEXT, number INTEGER, items TEXT NOT NULL, PRIMARY KEY (key, name, number)
    ) STRICT, WITHOUT ROWID`,
    "CREATE TABLE content_use (sha256 TEXT, list TEXT, PRIMARY KEY (sha256, list)) STRICT, WITHOUT ROWID",
    "CREATE INDEX content_use_list ON content_use (list)",
    `CREATE TABLE outbox (
      attempt TEXT PRIMARY KEY, change_set TEXT NOT NULL, operation TEXT NOT NULL, files INTEGER NOT NULL, lists TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE space (
      id TEXT PRIMARY KEY, owner TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, review TEXT NOT NULL UNIQUE, head INTEGER NOT NULL,
      hash TEXT NOT NULL, roots TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, run TEXT NOT NULL,
      tool TEXT NOT NULL, command TEXT NOT NULL, began INTEGER NOT NULL, expires INTEGER NOT NULL,
      kept INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    // Before each call it is counted how much waits; most conversations that ever were have nothing pending.
    "CREATE INDEX space_pending ON space (agent, id, entries) WHERE entries > 0",
    `CREATE TABLE space_commit (
      number INTEGER PRIMARY KEY AUTOINCREMENT, space TEXT NOT NULL, kind TEXT NOT NULL, published INTEGER NOT NULL,
      run TEXT, tool TEXT, command TEXT, hash TEXT, made INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    "CREATE INDEX space_commit_space ON space_commit (space, number)",
    "CREATE INDEX space_commit_unpublished ON space_commit (made) WHERE published < 1",
    `CREATE TABLE space_change (
      space TEXT, path TEXT, number INTEGER, entry TEXT, PRIMARY KEY (space, path, number)
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX space_change_number ON space_change (number)",
    "CREATE TABLE space_content (sha256 TEXT, space TEXT, PRIMARY KEY (sha256, space)) STRICT, WITHOUT ROWID",
    "CREATE INDEX space_content_space ON space_content (space)",
    "CREATE TABLE taken (space TEXT, path TEXT, change_set TEXT, at INTEGER, PRIMARY KEY (space, path)) STRICT, WITHOUT ROWID",
    "CREATE INDEX taken_change_set ON taken (change_set)",
    `CREATE TABLE journal (
      change_set TEXT PRIMARY KEY, operation TEXT NOT NULL, phase TEXT NOT NULL, roots TEXT NOT NULL, steps INTEGER NOT NULL,
      objects INTEGER NOT NULL, lists TEXT NOT NULL
    ) STRICT`,
  ],
  code: "state-format",
  what: "the database of a workspace",
  remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
};

/** Change sets, what contents they use, and the journal of a sync. */
export function openWorkspaceDatabase(directory: string): DatabaseSync {
  return openDatabase({ path: join(directory, "workspace.sqlite"), format: FORMAT, refusal: WORKSPACE_REFUSAL });
}
