import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import type { ChangeSetState } from "../changes/change-set.ts";
import type { NodeState } from "../changes/node-state.ts";
import type { Plan } from "../sync/plan.ts";
import { rangesOf } from "./ranges.ts";
import { parseJournalRoots, readFiles, readPlan } from "./stored.ts";
import { type ListsKey, StoredLists } from "./stored-lists.ts";

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

/** An entry as far as it is short. */
export type JournalHead = Pick<JournalEntry, "changeSetId" | "operation" | "phase" | "roots"> & {
  readonly stepCount: number;
  readonly objectCount: number;
  readonly lists: ListsKey;
};

/** A set is undone when all of it is; a part may be undone, and done again, while the rest stays applied. */
const BY_WHAT_IS_UNDONE = "CASE WHEN undone = chosen THEN 'undone' ELSE 'applied' END";

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
  readonly #lists: StoredLists;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#lists = new StoredLists(database);
  }

  async begin(entry: Omit<JournalEntry, "phase">): Promise<void> {
    const { changeSetId, operation, roots, steps, objects, found } = entry;
    const key = this.#lists.begin();
    await this.#lists.write(key, { name: "steps", items: steps });
    await this.#lists.write(key, { name: "objects", items: objects });
    await this.#lists.write(key, { name: "found", items: found });
    transaction(this.#database, () => {
      this.#lists.expectKept(key);
      this.#database
        .prepare(
          `INSERT INTO journal (change_set, operation, phase, roots, steps, objects, lists)
           VALUES (?, ?, 'staging', ?, ?, ?, ?)`,
        )
        .run(changeSetId, operation, JSON.stringify(roots), steps.length, objects.length, key);
    });
  }

  apply(changeSetId: string): void {
    this.#enter(changeSetId, "applying", () => this.#setState(changeSetId, "applying"));
  }

  /** Writes down what will have been done, for `commit` to name. */
  async prepare(files: readonly string[]): Promise<ListsKey> {
    const key = this.#lists.begin();
    await this.#lists.write(key, { name: "files", items: files });
    return key;
  }

  /** It will not be done. */
  async drop(prepared: ListsKey): Promise<void> {
    await this.#lists.remove(prepared);
  }

  /** `undone` are the indices of all entries that are undone from now on. It is untold until somebody says otherwise. */
  commit({ attempt, changeSetId, operation, files }: Untold, undone: readonly number[], prepared: ListsKey): void {
    const list = undone.length === 0 ? null : JSON.stringify(rangesOf(undone));
    this.#enter(changeSetId, "done", () => {
      this.#lists.expectKept(prepared);
      this.#database
        .prepare("INSERT INTO outbox (attempt, change_set, operation, files, lists) VALUES (?, ?, ?, ?, ?)")
        .run(attempt, changeSetId, operation, files.length, prepared);
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

  async remove(changeSetId: string): Promise<void> {
    const row = this.#database.prepare("DELETE FROM journal WHERE change_set = ? RETURNING lists").get(changeSetId);
    if (row !== undefined) await this.#lists.remove(String(row.lists));
  }

  async untold(): Promise<Untold[]> {
    const rows = this.#database
      .prepare("SELECT attempt, change_set, operation, files, lists FROM outbox ORDER BY rowid")
      .all();
    const untold: Untold[] = [];
    for (const row of rows)
      untold.push({
        attempt: String(row.attempt),
        changeSetId: String(row.change_set),
        operation: row.operation as Operation,
        files: await readFiles(this.#lists, String(row.lists), Number(row.files)),
      });
    return untold;
  }

  /** The last that is untold of a set. */
  lastUntold(changeSetId: string): string | undefined {
    const row = this.#database
      .prepare("SELECT attempt FROM outbox WHERE change_set = ? ORDER BY rowid DESC LIMIT 1")
      .get(changeSetId);
    return row === undefined ? undefined : String(row.attempt);
  }

  async told(attempt: string): Promise<void> {
    const row = this.#database.prepare("DELETE FROM outbox WHERE attempt = ? RETURNING lists").get(attempt);
    if (row !== undefined) await this.#lists.remove(String(row.lists));
  }

  /** Nothing is half done, and everything is told. */
  get isEmpty(): boolean {
    const row = this.#database
      .prepare("SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM outbox) AS count")
      .get();
    return Number(row?.count) === 0;
  }

  heads(): JournalHead[] {
    return this.#database
      .prepare("SELECT * FROM journal")
      .all()
      .map((row) => ({
        changeSetId: String(row.change_set),
        operation: row.operation as Operation,
        phase: row.phase as JournalPhase,
        roots: parseJournalRoots(String(row.roots)),
        stepCount: Number(row.steps),
        objectCount: Number(row.objects),
        lists: String(row.lists),
      }));
  }

  /** With the steps. */
  async read({ lists, stepCount, objectCount, ...head }: JournalHead): Promise<JournalEntry> {
    const counts = { roots: head.roots.length, steps: stepCount, objects: objectCount };
    return { ...head, ...(await readPlan(this.#lists, lists, counts)) };
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
