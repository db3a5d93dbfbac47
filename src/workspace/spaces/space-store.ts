import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as otherWork } from "node:timers/promises";
import type { ByteString } from "../../base/byte-string.ts";
import { transaction } from "../../base/database.ts";
import { sortedInSlices } from "../../base/pace.ts";
import { ZtlError } from "../../errors.ts";
import { interrupted } from "../state/interrupted.ts";
import { removeInSlices } from "../state/removal.ts";
import { parseSpaceEntry } from "../state/stored.ts";
import { beginCommit, type Change, type CommitWriter } from "./commit-writer.ts";
import type { Author, SpaceEntry } from "./space-entry.ts";
import { type SpaceHead, toHead } from "./space-head.ts";

/** Rows read or written between two looks at other work of the process: some milliseconds. */
const ROWS_AT_ONCE = 500;
/** After which a workspace without changes is marked as in use again: far less than what it is kept for. */
const IDLE_MS_MAX = 24 * 3600 * 1000;

/** Why a commit was made; all but calls are decisions about what was there. */
export type CommitKind = "call" | "cut" | "applied" | "rejected" | "expired" | "rebased" | "revoked";

/** Entries as they are from then on; undefined where nothing differs from the host any more. */
export type Changes = ReadonlyMap<ByteString, SpaceEntry | undefined>;

export interface NewCommit {
  readonly kind: CommitKind;
  readonly changes: Changes;
  readonly head: Omit<SpaceHead, "id" | "owner" | "version" | "hash" | "kept">;
  /** Beside the changes, part of the hash: such as which change set was cut. */
  readonly note?: string;
  /** Written down in the transaction that makes this commit the head. */
  readonly also?: () => void;
  readonly at: number;
}

/**
 * Workspaces on disk. A version is the number of a commit; its rows are written in slices, seen by nobody, and become the head in
 * one step, if the head is still what they were made from. So no transaction is long, and a version once read never changes.
 */
export class SpaceStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The workspace of an owner; made when there is none. */
  open(owner: string, agent: string, now: number): SpaceHead {
    const known = this.ofOwner(owner);
    if (known !== undefined && (known.entryCount > 0 || known.expiresAt > now - IDLE_MS_MAX)) return known;
    // It is in use again, and no other process forgets it.
    if (this.#database.prepare("UPDATE space SET expires = ? WHERE owner = ?").run(now, owner).changes === 1)
      return this.ofOwner(owner) as SpaceHead;
    this.#database
      .prepare(
        `INSERT INTO space (id, owner, agent, review, head, hash, roots, entries, bytes, run, tool, command, began, expires)
         VALUES (?, ?, ?, ?, 0, '', '[]', 0, 0, '', '', '', ?, ?) ON CONFLICT (owner) DO NOTHING`,
      )
      .run(randomUUID(), owner, agent, randomUUID(), now, now);
    return this.ofOwner(owner) as SpaceHead;
  }

  ofOwner(owner: string): SpaceHead | undefined {
    const row = this.#database.prepare("SELECT * FROM space WHERE owner = ?").get(owner);
    return row === undefined ? undefined : toHead(row);
  }

  get(id: string): SpaceHead {
    const row = this.#database.prepare("SELECT * FROM space WHERE id = ?").get(id);
    if (row === undefined)
      throw new ZtlError("unknown-workspace", `There is no workspace ${JSON.stringify(id)}`, { id });
    return toHead(row);
  }

  /** By the id of its review, when something is pending. */
  ofReview(review: string): SpaceHead | undefined {
    const row = this.#database.prepare("SELECT * FROM space WHERE review = ? AND entries > 0").get(review);
    return row === undefined ? undefined : toHead(row);
  }

  /** Those with something pending, the last changed first. */
  list(limit: number, agent?: string): SpaceHead[] {
    return this.#database
      .prepare(
        "SELECT * FROM space WHERE entries > 0 AND (:agent IS NULL OR agent = :agent) ORDER BY head DESC LIMIT :limit",
      )
      .all({ agent: agent ?? null, limit })
      .map(toHead);
  }

  /** Ids of reviews. Of each, whoever asks may find that it cannot be read. */
  expired(now: number): string[] {
    const rows = this.#database.prepare("SELECT review FROM space WHERE entries > 0 AND expires <= ?").all(now);
    return rows.map(({ review }) => String(review));
  }

  /** Everything of a version, sorted by path. */
  async entriesAt(space: string, version: number): Promise<Map<ByteString, SpaceEntry>> {
    const select = this.#database.prepare(
      `SELECT path, entry, max(number) FROM space_change WHERE space = :space AND path > :after AND number <= :version
       AND number IN (SELECT number FROM space_commit WHERE space = :space AND published = 1)
       GROUP BY path ORDER BY path LIMIT ${ROWS_AT_ONCE}`,
    );
    const entries = new Map<ByteString, SpaceEntry>();
    for (let after = ""; ; ) {
      const rows = select.all({ space, version, after });
      for (const row of rows)
        if (row.entry !== null) entries.set(String(row.path) as ByteString, parseSpaceEntry(String(row.entry)));
      if (rows.length < ROWS_AT_ONCE) return entries;
      after = String(rows.at(-1)?.path);
      await otherWork();
    }
  }

  /** What commits after `from`, up to `to`, changed. */
  async changesBetween(space: string, from: number, to: number): Promise<Map<ByteString, SpaceEntry | undefined>> {
    const numbers = this.#database
      .prepare(
        "SELECT number FROM space_commit WHERE space = ? AND published = 1 AND number > ? AND number <= ? ORDER BY number",
      )
      .all(space, from, to);
    const changes = new Map<ByteString, SpaceEntry | undefined>();
    const select = this.#database.prepare(
      // By the number's index, which holds space and path as well: without the space each slice would sort all of a commit.
      `SELECT path, entry FROM space_change WHERE number = ? AND space = ? AND path > ? ORDER BY path LIMIT ${ROWS_AT_ONCE}`,
    );
    for (const { number } of numbers) {
      for (let after = ""; ; ) {
        const rows = select.all(Number(number), space, after);
        for (const { path, entry } of rows)
          changes.set(String(path) as ByteString, entry === null ? undefined : parseSpaceEntry(String(entry)));
        // Also between commits: a large set is settled in many.
        if (numbers.length > 1 || rows.length === ROWS_AT_ONCE) await otherWork();
        if (rows.length < ROWS_AT_ONCE) break;
        after = String(rows.at(-1)?.path);
      }
    }
    return changes;
  }

  /** Which calls changed a path, the latest first. */
  authorsOf(space: string, path: ByteString): Author[] {
    return this.#database
      .prepare(
        `SELECT c.run, c.tool FROM space_change s JOIN space_commit c ON c.number = s.number
         WHERE s.space = ? AND s.path = ? AND c.published = 1 AND c.kind = 'call' ORDER BY s.number DESC LIMIT ${ROWS_AT_ONCE}`,
      )
      .all(space, path)
      .map(({ run, tool }) => ({ runId: String(run), tool: String(tool) }));
  }

  /** What a call ran that changed something. */
  commandOf(space: string, runId: string): string {
    const row = this.#database
      .prepare(
        "SELECT command FROM space_commit WHERE space = ? AND run = ? AND kind = 'call' ORDER BY number DESC LIMIT 1",
      )
      .get(space, runId);
    return String(row?.command ?? "");
  }

  /** Undefined when somebody else was faster: then the changes have to be made anew, from what they left. */
  async commit(from: SpaceHead, commit: NewCommit): Promise<SpaceHead | undefined> {
    const sorted = await sortedInSlices([...commit.changes], ([a], [b]) => (a < b ? -1 : 1));
    if (sorted.length <= ROWS_AT_ONCE) {
      const isOurs = transaction(this.#database, () => {
        if (this.get(from.id).version !== from.version) return false;
        const writer = beginCommit(this.#database, from, commit);
        for (const change of sorted) writer.write(change);
        return this.#publish(from, commit, writer);
      });
      return isOurs ? this.get(from.id) : undefined;
    }
    const writer = transaction(this.#database, () => beginCommit(this.#database, from, commit));
    await this.#inSlices(
      sorted,
      (change) => writer.write(change),
      () => this.#expectBegun(writer.version),
    );
    const isOurs = transaction(this.#database, () => this.#publish(from, commit, writer));
    if (!isOurs) await this.#discard(writer.version, sorted);
    return isOurs ? this.get(from.id) : undefined;
  }

  /**
   * Marks paths as taken by a change set that is being decided; they stay in the workspace until it is applied. False when another set,
   * of another process, took one of them first: then none is marked.
   */
  async take(space: string, changeSet: string, paths: readonly ByteString[], now: number): Promise<boolean> {
    const insert = this.#database.prepare(
      "INSERT OR IGNORE INTO taken (space, path, change_set, at) VALUES (?, ?, ?, ?)",
    );
    await this.#inSlices(paths, (path) => insert.run(space, path, changeSet, now));
    const taken = this.#database.prepare("SELECT count(*) AS count FROM taken WHERE change_set = ?").get(changeSet);
    if (Number(taken?.count) === paths.length) return true;
    await this.release(changeSet);
    return false;
  }

  async takenPaths(space: string): Promise<Set<ByteString>> {
    const select = this.#database.prepare(
      `SELECT path, change_set FROM taken WHERE space = ? AND path > ? ORDER BY path LIMIT ${ROWS_AT_ONCE}`,
    );
    const paths = new Set<ByteString>();
    const valid = this.#takersOf(space);
    for (let after = ""; ; await otherWork()) {
      const rows = select.all(space, after);
      for (const { path, change_set: taker } of rows)
        if (valid.has(String(taker))) paths.add(String(path) as ByteString);
      if (rows.length < ROWS_AT_ONCE) return paths;
      after = String(rows.at(-1)?.path);
    }
  }

  takenCount(space: string): number {
    return [...this.#takersOf(space).values()].reduce((sum, marks) => sum + marks, 0);
  }

  /**
   * How many entries each change set has taken that is on its way to the host. Marks are removed in slices: those of a set that has been
   * applied, or will not be, say nothing any more while they are still there.
   */
  #takersOf(space: string): ReadonlyMap<string, number> {
    const rows = this.#database
      .prepare(
        `SELECT t.change_set, t.count FROM
         (SELECT change_set, count(*) AS count FROM taken WHERE space = :space GROUP BY change_set) t
         LEFT JOIN change_set c ON c.id = t.change_set
         WHERE c.state IS NULL OR c.state IN ('approved', 'applying') OR (c.state = 'applied' AND NOT EXISTS
         (SELECT 1 FROM space_commit WHERE space = :space AND published = 1 AND kind = 'applied' AND command = t.change_set))`,
      )
      .all({ space });
    return new Map(rows.map((row) => [String(row.change_set), Number(row.count)]));
  }

  /** Where the entries of a change set were taken from. */
  spaceOf(changeSet: string): string | undefined {
    const row = this.#database.prepare("SELECT space FROM taken WHERE change_set = ? LIMIT 1").get(changeSet);
    return row === undefined ? undefined : String(row.space);
  }

  async release(changeSet: string): Promise<void> {
    await removeInSlices(this.#database, "taken", "(space, path)", "change_set = ?", changeSet);
  }

  /** Change sets that have taken entries, with their states; one without is being made, or was never finished. */
  takers(): { readonly changeSet: string; readonly state: string | undefined; readonly at: number }[] {
    // Not grouped: that would read a row for each entry.
    const next = this.#database.prepare(
      `SELECT t.change_set, c.state, t.at FROM taken t LEFT JOIN change_set c ON c.id = t.change_set
       WHERE t.change_set > ? ORDER BY t.change_set LIMIT 1`,
    );
    const takers: { changeSet: string; state: string | undefined; at: number }[] = [];
    for (let row = next.get(""); row !== undefined; row = next.get(String(row.change_set)))
      takers.push({
        changeSet: String(row.change_set),
        state: row.state === null ? undefined : String(row.state),
        at: Number(row.at),
      });
    return takers;
  }

  /** Whether entries are marked as taken by the change set of this id. */
  takes(changeSet: string): boolean {
    return this.#database.prepare("SELECT 1 FROM taken WHERE change_set = ? LIMIT 1").get(changeSet) !== undefined;
  }

  usesContent(sha256: string): boolean {
    return this.#database.prepare("SELECT 1 FROM space_content WHERE sha256 = ? LIMIT 1").get(sha256) !== undefined;
  }

  #publish(from: SpaceHead, { head, also }: NewCommit, { version, newBytes, hash: digest }: CommitWriter): boolean {
    const hash = digest();
    const { roots, last } = head;
    const { changes } = this.#database
      .prepare(
        `UPDATE space SET agent = ?, review = ?, head = ?, hash = ?, roots = ?, entries = ?, bytes = ?, run = ?, tool = ?,
         command = ?, began = ?, expires = ? WHERE id = ? AND head = ? AND head < ?`,
      )
      .run(
        ...[head.agent, head.review, version, hash, JSON.stringify(roots), head.entryCount, head.sizeBytes],
        ...[last.runId, last.tool, last.command, head.beganAt, head.expiresAt, from.id, from.version, version],
      );
    if (changes !== 1) return false;
    also?.();
    const published = this.#database
      .prepare("UPDATE space_commit SET published = 1, hash = ?, bytes = ? WHERE number = ? AND published = 0")
      .run(hash, newBytes(), version);
    if (published.changes === 1) return true;
    throw interrupted();
  }

  async #discard(version: number, changes: readonly Change[]): Promise<void> {
    const remove = this.#database.prepare("DELETE FROM space_change WHERE number = ? AND path = ?");
    await this.#inSlices(changes, ([path]) => remove.run(version, path));
    this.#database.prepare("DELETE FROM space_commit WHERE number = ?").run(version);
  }

  /** Nobody has given it up meanwhile: what was written to it after that would stay for ever. */
  #expectBegun(version: number): void {
    const begun = this.#database.prepare("SELECT 1 FROM space_commit WHERE number = ? AND published = 0").get(version);
    if (begun === undefined) throw interrupted();
  }

  /** @param before done first in each transaction; what it throws ends the work */
  async #inSlices<T>(items: readonly T[], work: (item: T) => unknown, before = (): void => {}): Promise<void> {
    for (let at = 0; at < items.length; at += ROWS_AT_ONCE) {
      if (at > 0) await otherWork();
      transaction(this.#database, () => {
        before();
        for (const item of items.slice(at, at + ROWS_AT_ONCE)) work(item);
      });
    }
  }
}
