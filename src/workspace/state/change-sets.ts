import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import {
  type ChangeEntry,
  type ChangeSet,
  type ChangeSetState,
  type ChangeSetSummary,
  type Conflict,
  hashManifest,
  type Manifest,
} from "../changes/change-set.ts";
import { KEPT_SETS_MAX, LIST_MAX } from "../limits.ts";
import { parseChosen, parseConflicts, parseManifest } from "./stored.ts";

type Row = Record<string, unknown>;

export interface NewChangeSet {
  readonly id: string;
  readonly hash: string;
  readonly serialised: string;
  readonly manifest: Manifest;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The pending set it started from, and takes the place of. */
  readonly startedFrom: string | undefined;
}

/** A change set that is decided from the start: a part of a workspace that somebody, or time, decided about. */
export interface CutChangeSet extends Omit<NewChangeSet, "startedFrom"> {
  readonly decidedAt: number;
  readonly state: Extract<ChangeSetState, "approved" | "rejected" | "expired" | "superseded">;
  readonly by?: string | undefined;
  readonly message?: string | undefined;
}

export interface ChangeSetDecision {
  readonly state: ChangeSetState;
  readonly at: number;
  readonly by: string;
  readonly message: string | undefined;
  /** Indices into the entries. */
  readonly chosen?: readonly number[];
}

export interface ListFilter {
  readonly state?: ChangeSetState;
  readonly agent?: string;
  readonly limit?: number;
}

const SUMMARY = `id, hash, state, run, agent, tool, command, entries, created, expires, decided, decided_by, message`;

/** The change sets on disk. Whoever moves one from a state to the next is told whether they were the one. */
export class ChangeSets {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  add(set: NewChangeSet): void {
    const { runId, agent, tool, command, entries } = set.manifest;
    transaction(this.#database, () => {
      if (set.startedFrom !== undefined) this.#supersede(set.startedFrom, agent, set.createdAt);
      this.#database
        .prepare(
          `INSERT INTO change_set (id, hash, state, run, agent, tool, command, entries, created, expires, manifest)
           VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          set.id,
          set.hash,
          runId,
          agent,
          tool,
          command,
          entries.length,
          set.createdAt,
          set.expiresAt,
          set.serialised,
        );
      const use = this.#database.prepare("INSERT OR IGNORE INTO content_use (sha256, change_set) VALUES (?, ?)");
      for (const sha256 of contentsOf(entries)) use.run(sha256, set.id);
    });
  }

  /** To be called within a transaction. All of its entries are chosen. */
  addDecided(set: CutChangeSet): void {
    const { runId, agent, tool, command, entries } = set.manifest;
    this.#database
      .prepare(
        `INSERT INTO change_set (id, hash, state, run, agent, tool, command, entries, created, expires, decided, decided_by, message,
         chosen, manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[set.id, set.hash, set.state, runId, agent, tool, command, entries.length, set.createdAt, set.expiresAt],
        ...[set.decidedAt, set.by ?? null, set.message ?? null, JSON.stringify([...entries.keys()]), set.serialised],
      );
    const use = this.#database.prepare("INSERT OR IGNORE INTO content_use (sha256, change_set) VALUES (?, ?)");
    for (const sha256 of contentsOf(entries)) use.run(sha256, set.id);
  }

  /** Takes an approval back that was not carried out; false when it was, or is being. */
  revoke(id: string, { at, by, message }: Omit<ChangeSetDecision, "state" | "chosen">): boolean {
    const { changes } = this.#database
      .prepare(
        "UPDATE change_set SET state = 'rejected', decided = ?, decided_by = ?, message = ? WHERE id = ? AND state = 'approved'",
      )
      .run(at, by, message ?? null, id);
    return changes === 1;
  }

  get(id: string): ChangeSet | undefined {
    const row = this.#database
      .prepare(`SELECT ${SUMMARY}, chosen, undone, conflicts, manifest FROM change_set WHERE id = ?`)
      .get(id);
    return row === undefined ? undefined : toChangeSet(row);
  }

  /** Newest first; a page of them unless a limit says otherwise. */
  list({ state, agent, limit = LIST_MAX }: ListFilter): ChangeSetSummary[] {
    return this.#database
      .prepare(
        `SELECT ${SUMMARY} FROM change_set WHERE (:state IS NULL OR state = :state) AND (:agent IS NULL OR agent = :agent)
         ORDER BY number DESC LIMIT :limit`,
      )
      .all({ state: state ?? null, agent: agent ?? null, limit })
      .map(toSummary);
  }

  /** From pending to what was decided; false when somebody, or time, was faster. */
  decide(id: string, { state, at, by, message, chosen }: ChangeSetDecision): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE change_set SET state = ?, decided = ?, decided_by = ?, message = ?, chosen = ?
         WHERE id = ? AND state = 'pending' AND expires > ?`,
      )
      .run(state, at, by, message ?? null, chosen === undefined ? null : JSON.stringify(chosen), id, at);
    return changes === 1;
  }

  /** Ends the pending sets whose time is over; returns which. */
  expire(now: number): string[] {
    const rows = this.#database
      .prepare(
        "UPDATE change_set SET state = 'expired', decided = expires WHERE state = 'pending' AND expires <= ? RETURNING id",
      )
      .all(now);
    return rows.map((row) => String(row.id));
  }

  markConflict(id: string, conflicts: readonly Conflict[]): void {
    this.#database
      .prepare("UPDATE change_set SET state = 'conflict', conflicts = ? WHERE id = ? AND state = 'approved'")
      .run(JSON.stringify(conflicts), id);
  }

  /** Forgets the oldest decided sets beyond what is kept. */
  prune(): void {
    transaction(this.#database, () => {
      this.#database
        .prepare(
          `DELETE FROM change_set WHERE state NOT IN ('pending', 'approved', 'applying')
           AND number <= (SELECT max(number) FROM change_set) - ?`,
        )
        .run(KEPT_SETS_MAX);
      this.#database.exec("DELETE FROM content_use WHERE change_set NOT IN (SELECT id FROM change_set)");
    });
  }

  usesContent(sha256: string): boolean {
    return this.#database.prepare("SELECT 1 FROM content_use WHERE sha256 = ? LIMIT 1").get(sha256) !== undefined;
  }

  #supersede(id: string, agent: string, now: number): void {
    this.#database
      .prepare(
        "UPDATE change_set SET state = 'superseded', decided = ? WHERE id = ? AND agent = ? AND state = 'pending'",
      )
      .run(now, id, agent);
  }
}

/** New contents, and old ones: those are kept for the diff from the start, and for undo from the sync on. */
function contentsOf(entries: readonly ChangeEntry[]): Set<string> {
  const states = entries.flatMap(({ edit }) => [edit.before, edit.after]);
  return new Set(states.flatMap((state) => (state.type === "file" && state.sha256 !== "" ? [state.sha256] : [])));
}

export function toSummary(row: Row): ChangeSetSummary {
  return {
    id: String(row.id),
    hash: String(row.hash),
    state: row.state as ChangeSetState,
    runId: String(row.run),
    agent: String(row.agent),
    tool: String(row.tool),
    command: String(row.command),
    entryCount: Number(row.entries),
    createdAt: Number(row.created),
    expiresAt: Number(row.expires),
    ...(row.decided !== null && { decidedAt: Number(row.decided) }),
    ...(row.decided_by !== null && { decidedBy: String(row.decided_by) }),
    ...(row.message !== null && { message: String(row.message) }),
  };
}

function toChangeSet(row: Row): ChangeSet {
  const serialised = String(row.manifest);
  if (hashManifest(serialised) !== row.hash) {
    throw new ZtlError("change-set-damaged", `The change set ${String(row.id)} is not what was proposed`, {
      remedy: "Someone changed the workspace's database. Do not apply it; reject it and run the call again.",
    });
  }
  const { roots, entries } = parseManifest(serialised);
  const pathsOf = (column: unknown): string[] | undefined =>
    column === null
      ? undefined
      : parseChosen(String(column), entries.length).map((index) => (entries[index] as ChangeEntry).path);
  return {
    ...toSummary(row),
    roots,
    entries,
    ...defined({ chosen: pathsOf(row.chosen), undone: pathsOf(row.undone) }),
    conflicts: row.conflicts === null ? [] : parseConflicts(String(row.conflicts)),
  };
}
