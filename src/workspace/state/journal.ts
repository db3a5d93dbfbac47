import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import type { ChangeSetState } from "../changes/change-set.ts";
import type { NodeState } from "../changes/node-state.ts";
import type { Plan } from "../sync/plan.ts";
import { parseFiles, parsePlan } from "./stored.ts";

export type Operation = "sync" | "undo" | "redo";

/** `staging`: nothing of the tree is touched (any more). `applying`: any steps may have been taken. `done`: all of them, for good. */
export type JournalPhase = "staging" | "applying" | "done";

export interface JournalRoot {
  readonly path: string;
  /** The directory's inode number: another one in its place is not touched. */
  readonly inode: string;
}

export interface JournalEntry {
  readonly changeSetId: string;
  readonly operation: Operation;
  readonly phase: JournalPhase;
  readonly roots: readonly JournalRoot[];
  readonly steps: Plan["steps"];
  /** What the steps put in place, by the number they name it by. */
  readonly objects: readonly NodeState[];
  /** By step, a fingerprint of what is replaced or removed; empty for other steps. */
  readonly found: readonly string[];
}

/** A set is undone when all of it is; a part may be undone, and done again, while the rest stays applied. */
const BY_WHAT_IS_UNDONE =
  "CASE WHEN json_array_length(coalesce(undone, '[]')) = json_array_length(chosen) THEN 'undone' ELSE 'applied' END";

/** What was done to the host's files and is not known to be in the ledger. */
export interface Untold {
  readonly attempt: string;
  readonly changeSetId: string;
  readonly operation: Operation;
  readonly files: readonly string[];
}

/** What is being done to the host's files, on disk before it is done. Its rows and the sets' states change together. */
export class Journal {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  begin({ changeSetId, operation, roots, steps, objects, found }: Omit<JournalEntry, "phase">): void {
    this.#database
      .prepare("INSERT INTO journal (change_set, operation, phase, plan) VALUES (?, ?, 'staging', ?)")
      .run(changeSetId, operation, JSON.stringify({ roots, steps, objects, found }));
  }

  apply(changeSetId: string): void {
    this.#enter(changeSetId, "applying", () => this.#setState(changeSetId, "applying"));
  }

  /** `undone` are the indices of all entries that are undone from now on. It is untold until somebody says otherwise. */
  commit({ attempt, changeSetId, operation, files }: Untold, undone: readonly number[]): void {
    this.#enter(changeSetId, "done", () => {
      this.#database
        .prepare("INSERT INTO outbox (attempt, change_set, operation, files) VALUES (?, ?, ?, ?)")
        .run(attempt, changeSetId, operation, JSON.stringify(files));
      const list = undone.length === 0 ? null : JSON.stringify(undone);
      this.#database.prepare("UPDATE change_set SET undone = ? WHERE id = ?").run(list, changeSetId);
      this.#setAppliedState(changeSetId);
    });
  }

  /** The tree is as it was; only the staging directories are left to be removed. */
  takenBack(changeSetId: string, operation: Operation): void {
    this.#enter(changeSetId, "staging", () => {
      if (operation === "sync") this.#setState(changeSetId, "approved");
      else this.#setAppliedState(changeSetId);
    });
  }

  remove(changeSetId: string): void {
    this.#database.prepare("DELETE FROM journal WHERE change_set = ?").run(changeSetId);
  }

  untold(): Untold[] {
    const rows = this.#database
      .prepare("SELECT attempt, change_set, operation, files FROM outbox ORDER BY rowid")
      .all();
    return rows.map((row) => ({
      attempt: String(row.attempt),
      changeSetId: String(row.change_set),
      operation: row.operation as Operation,
      files: parseFiles(String(row.files)),
    }));
  }

  told(attempt: string): void {
    this.#database.prepare("DELETE FROM outbox WHERE attempt = ?").run(attempt);
  }

  entries(): JournalEntry[] {
    const rows = this.#database.prepare("SELECT change_set, operation, phase, plan FROM journal").all();
    return rows.map((row) => ({
      changeSetId: String(row.change_set),
      operation: row.operation as Operation,
      phase: row.phase as JournalPhase,
      ...parsePlan(String(row.plan)),
    }));
  }

  #enter(changeSetId: string, phase: JournalPhase, change: () => void): void {
    transaction(this.#database, () => {
      this.#database.prepare("UPDATE journal SET phase = ? WHERE change_set = ?").run(phase, changeSetId);
      change();
    });
  }

  #setAppliedState(changeSetId: string): void {
    this.#database.prepare(`UPDATE change_set SET state = ${BY_WHAT_IS_UNDONE} WHERE id = ?`).run(changeSetId);
  }

  #setState(changeSetId: string, state: ChangeSetState): void {
    this.#database.prepare("UPDATE change_set SET state = ? WHERE id = ?").run(state, changeSetId);
  }
}
