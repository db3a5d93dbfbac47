import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type DatabaseFormat, openDatabase } from "../../base/database.ts";
import { STATE_REFUSAL } from "../state/state-directory.ts";

/** Tables of the index. `mark` says how much of which ledger is in it; `step` has every entry of a conversation. */
const FORMAT: DatabaseFormat = {
  applicationId: "ztli",
  version: 1,
  schema: [
    "CREATE TABLE mark (one INTEGER PRIMARY KEY CHECK (one = 1), ledger TEXT NOT NULL, next INTEGER NOT NULL, last TEXT NOT NULL) STRICT",
    `CREATE TABLE run (
      id TEXT PRIMARY KEY, place INTEGER NOT NULL UNIQUE, time TEXT NOT NULL, agent TEXT NOT NULL, tool TEXT NOT NULL,
      conversation TEXT NOT NULL, command TEXT NOT NULL, decision TEXT NOT NULL, status TEXT NOT NULL, ended INTEGER NOT NULL,
      verdict TEXT NOT NULL, replayable INTEGER NOT NULL, words TEXT NOT NULL
    ) STRICT`,
    ...["time", "agent", "tool", "conversation", "status", "verdict"].map(
      (column) => `CREATE INDEX run_${column} ON run (${column}, place)`,
    ),
    "CREATE TABLE finding (rule TEXT, run TEXT, PRIMARY KEY (rule, run)) STRICT, WITHOUT ROWID",
    "CREATE TABLE step (conversation TEXT, agent TEXT, place INTEGER, PRIMARY KEY (conversation, agent, place)) STRICT, WITHOUT ROWID",
  ],
  code: "run-index-format",
  what: "an index of runs",
  remedy: "Remove the file: it is made anew from the ledger.",
};

export const INDEX_FILE = "runs.sqlite";

/** What is lost with the last transactions is read from the ledger again. */
export function openIndexDatabase(directory: string): DatabaseSync {
  return openDatabase({
    path: join(directory, INDEX_FILE),
    format: FORMAT,
    refusal: STATE_REFUSAL,
    synchronous: "NORMAL",
  });
}
