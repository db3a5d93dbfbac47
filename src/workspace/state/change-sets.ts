import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { defined } from "../../base/optional.ts";
import { mapInSlices } from "../../base/pace.ts";
import { ZtlError } from "../../errors.ts";
import type {
  ChangeEntry,
  ChangeSet,
  ChangeSetState,
  ChangeSetSummary,
  Conflict,
  Manifest,
} from "../changes/change-set.ts";
import { canonicalEntry, ManifestHash } from "../changes/manifest-hash.ts";
import { KEPT_SETS_MAX, LIST_MAX } from "../limits.ts";
import { rangesOf } from "./ranges.ts";
import { parseChosen, parseSetRoots, readConflicts, readEntries } from "./stored.ts";
import { type ListsKey, StoredLists } from "./stored-lists.ts";

type Row = Record<string, unknown>;

/** What is agreed to, written down and named by nothing yet. */
export interface KeptManifest extends Omit<Manifest, "entries"> {
  readonly hash: string;
  readonly entryCount: number;
  readonly lists: ListsKey;
}

export interface NewChangeSet {
  readonly id: string;
  readonly manifest: KeptManifest;
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
  readonly #lists: StoredLists;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#lists = new StoredLists(database);
  }

  /** Writes a manifest down, entry by entry, and that its contents are used. */
  async keep(manifest: Manifest): Promise<KeptManifest> {
    const { entries, ...header } = manifest;
    const lists = this.#lists.begin();
    const hash = new ManifestHash(header);
    const use = this.#database.prepare("INSERT OR IGNORE INTO content_use (sha256, list) VALUES (?, ?)");
    await this.#lists.write(lists, {
      name: "entries",
      items: entries,
      encode: (entry) => {
        const text = canonicalEntry(entry);
        hash.add(text);
        return text;
      },
      also: (entry) => {
        for (const sha256 of contentsOf(entry)) use.run(sha256, lists);
      },
    });
    return { ...header, hash: hash.digest(header), entryCount: entries.length, lists };
  }

  /** No set will name it. */
  async drop({ lists }: KeptManifest): Promise<void> {
    await this.#lists.remove(lists);
  }

  add(set: NewChangeSet): void {
    transaction(this.#database, () => {
      if (set.startedFrom !== undefined) this.#supersede(set.startedFrom, set.manifest.agent, set.createdAt);
      this.#insert(set, "pending");
    });
  }

  /** To be called within a transaction. All of its entries are chosen. */
  addDecided(set: CutChangeSet): void {
    this.#insert(set, set.state, set);
  }

  #insert(
    { id, manifest, createdAt, expiresAt }: Omit<NewChangeSet, "startedFrom">,
    state: ChangeSetState,
    decided?: CutChangeSet,
  ): void {
    const { hash, runId, agent, tool, command, roots, entryCount, lists } = manifest;
    this.#lists.expectKept(lists);
    const chosen = decided && JSON.stringify(entryCount === 0 ? [] : [[0, entryCount - 1]]);
    this.#database
      .prepare(
        `INSERT INTO change_set (id, hash, state, run, agent, tool, command, entries, created, expires, decided, decided_by, message,
         chosen, roots, lists) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[id, hash, state, runId, agent, tool, command, entryCount, createdAt, expiresAt],
        ...[decided?.decidedAt ?? null, decided?.by ?? null, decided?.message ?? null],
        ...[chosen ?? null, JSON.stringify(roots), lists],
      );
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

  /** Where a set stands, without what it is about. */
  summary(id: string): ChangeSetSummary | undefined {
    const row = this.#database.prepare(`SELECT ${SUMMARY} FROM change_set WHERE id = ?`).get(id);
    return row === undefined ? undefined : toSummary(row);
  }

  /** Throws ZtlError `change-set-damaged` when it is not what was proposed. */
  async get(id: string): Promise<ChangeSet | undefined> {
    const row = this.#row(id);
    if (row === undefined) return undefined;
    try {
      return await this.#whole(row);
    } catch (error) {
      // Another process forgets the oldest sets.
      if (this.#row(id) === undefined) return undefined;
      throw error;
    }
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
      .run(state, at, by, message ?? null, chosen === undefined ? null : JSON.stringify(rangesOf(chosen)), id, at);
    return changes === 1;
  }

  /** Ends the pending sets whose time is over; returns which. */
  hasDue(now: number): boolean {
    const sql = "SELECT 1 FROM change_set WHERE state = 'pending' AND expires <= ? LIMIT 1";
    return this.#database.prepare(sql).get(now) !== undefined;
  }

  expire(now: number): string[] {
    const rows = this.#database
      .prepare(
        "UPDATE change_set SET state = 'expired', decided = expires WHERE state = 'pending' AND expires <= ? RETURNING id",
      )
      .all(now);
    return rows.map((row) => String(row.id));
  }

  async markConflict(id: string, conflicts: readonly Conflict[]): Promise<void> {
    const row = this.#row(id);
    if (row === undefined) return;
    await this.#lists.write(String(row.lists), { name: "conflicts", items: conflicts });
    this.#database
      .prepare("UPDATE change_set SET state = 'conflict', conflicts = ? WHERE id = ? AND state = 'approved'")
      .run(conflicts.length, id);
  }

  /** Forgets the oldest decided sets beyond what is kept. */
  async prune(): Promise<void> {
    this.#database
      .prepare(
        `DELETE FROM change_set WHERE state NOT IN ('pending', 'approved', 'applying')
         AND number <= (SELECT max(number) FROM change_set) - ?`,
      )
      .run(KEPT_SETS_MAX);
    await this.#lists.removeAbandoned();
  }

  usesContent(sha256: string): boolean {
    return this.#database.prepare("SELECT 1 FROM content_use WHERE sha256 = ? LIMIT 1").get(sha256) !== undefined;
  }

  #row(id: string): Row | undefined {
    return this.#database
      .prepare(`SELECT ${SUMMARY}, chosen, undone, conflicts, roots, lists FROM change_set WHERE id = ?`)
      .get(id);
  }

  async #whole(row: Row): Promise<ChangeSet> {
    const summary = toSummary(row);
    const key = String(row.lists);
    const roots = parseSetRoots(String(row.roots));
    const hash = new ManifestHash(summary);
    const entries = await readEntries(this.#lists, key, { roots, count: summary.entryCount }, (text) => hash.add(text));
    if (hash.digest({ ...summary, roots }) !== summary.hash) throw notWhatWasProposed(summary.id);
    const pathsOf = async (column: unknown): Promise<string[] | undefined> =>
      column === null ? undefined : await mapInSlices(parseChosen(String(column), entries), ({ path }) => path);
    return {
      ...{ ...summary, roots, entries },
      ...defined({ chosen: await pathsOf(row.chosen), undone: await pathsOf(row.undone) }),
      conflicts: row.conflicts === null ? [] : await readConflicts(this.#lists, key, Number(row.conflicts)),
    };
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
function contentsOf({ edit: { before, after } }: ChangeEntry): string[] {
  return [before, after].flatMap((state) => (state.type === "file" && state.sha256 !== "" ? [state.sha256] : []));
}

function notWhatWasProposed(id: string): ZtlError {
  return new ZtlError("change-set-damaged", `The change set ${id} is not what was proposed`, {
    remedy: "Someone changed the workspace's database. Do not apply it; reject it and run the call again.",
  });
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
