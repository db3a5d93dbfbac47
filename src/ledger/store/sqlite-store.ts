import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { erasing, openDatabase, openDatabaseForReading } from "../../base/database.ts";
import { privateDirectory } from "../../base/private-files.ts";
import { ZtlError } from "../../errors.ts";
import { PAGE_HASHES } from "../limits.ts";
import { blob, integer, integerOrNull, type Row, text, textOrNull } from "./columns.ts";
import { fileError, LEDGER_REFUSAL } from "./files.ts";
import { HeadNote } from "./head-note.ts";
import { LedgerBlobs } from "./ledger-blobs.ts";
import { LEDGER_FORMAT, NO_UPDATE } from "./sqlite-schema.ts";
import type { EntryFilter, Extent, Group, LedgerStore, StoredEntry, StoredHead } from "./store.ts";

const DATABASE_FILE = "ledger.sqlite";
const HEAD_FILE = "ledger.head";
const BLOB_DIRECTORY = "blobs";
/** More findings of damage than this say nothing new. */
const INSPECT_MAX = 20;

export interface SqliteStoreOptions {
  readonly directory: string;
  /** `read` changes nothing and makes nothing: for verifying someone else's ledger. Default `write`. */
  readonly access?: "write" | "read";
}

/**
 * A ledger in a directory: an SQLite database, blobs as files beside it, and a note of the last head. The database is in WAL mode
 * with synchronous=FULL: a commit is one fsync of the log, and a crash at any instant leaves whole transactions. Several
 * processes may write; each sees the others' groups when its own is refused with `ledger-moved`.
 */
export class SqliteStore implements LedgerStore {
  readonly ledgerId: string;
  readonly blobs: LedgerBlobs;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #note: HeadNote;

  /** Throws ZtlError `ledger-open-failed`, or `ledger-format` for a database that is not a ledger. */
  constructor({ directory, access = "write" }: SqliteStoreOptions) {
    this.#path = join(directory, DATABASE_FILE);
    try {
      this.#database =
        access === "write" ? openForWriting(directory, this.#path) : openDatabaseForReading(this.#path, LEDGER_FORMAT);
    } catch (error) {
      if (ZtlError.isInstance(error)) throw error;
      throw fileError("ledger-open-failed", "Cannot open the ledger", this.#path, error);
    }
    try {
      this.ledgerId = String(this.#get("SELECT id FROM ledger")?.id);
      this.blobs = new LedgerBlobs(join(directory, BLOB_DIRECTORY), access);
      this.#note = new HeadNote(join(directory, HEAD_FILE), access);
    } catch (error) {
      this.#database.close();
      if (ZtlError.isInstance(error)) throw error;
      throw fileError("ledger-open-failed", "Cannot open the ledger", this.#path, error);
    }
  }

  async commit(group: Group): Promise<void> {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#expectNext(group);
      const insert = this.#database.prepare(
        "INSERT INTO entry (place, hash, time, kind, run, agent, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
      );
      for (const one of group.entries) {
        insert.run(one.index, one.hash, one.time, one.kind, one.runId, one.agent, one.bytes);
      }
      const { number, line, peaks } = group.head;
      this.#database.prepare("INSERT INTO head (number, line, peaks) VALUES (?, ?, ?)").run(number, line, peaks);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      if (ZtlError.isInstance(error)) throw error;
      throw fileError("ledger-write-failed", "Cannot write to the ledger", this.#path, error);
    }
    // After the commit, so that the note is never ahead of what is kept.
    this.#note.write(group.head.line);
  }

  erase(frames: readonly Pick<StoredEntry, "index" | "bytes">[]): void {
    try {
      erasing(this.#database, () => {
        this.#database.exec("DROP TRIGGER entry_no_update");
        const update = this.#database.prepare("UPDATE entry SET bytes = ? WHERE place = ?");
        for (const { index, bytes } of frames) update.run(bytes, index);
        this.#database.exec(NO_UPDATE);
      });
    } catch (error) {
      throw fileError("ledger-erase-failed", "Cannot erase all of it; try again", this.#path, error);
    }
  }

  extent(): Extent {
    // One statement sees one instant, whatever other processes commit meanwhile.
    const row = this.#get(
      "SELECT (SELECT min(place) FROM entry) AS first, (SELECT max(place) FROM entry) AS last, number, line, peaks " +
        "FROM (SELECT 1) LEFT JOIN (SELECT number, line, peaks FROM head ORDER BY number DESC LIMIT 1)",
    );
    return {
      head: row === undefined || row.number === null ? undefined : headOf(row),
      firstIndex: (row && integerOrNull(row, "first")) ?? undefined,
      lastIndex: (row && integerOrNull(row, "last")) ?? undefined,
    };
  }

  entries(filter: EntryFilter): StoredEntry[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where("run = ?", filter.runId);
    where("agent = ?", filter.agent);
    where("kind = ?", filter.kind);
    where("time >= ?", filter.since);
    where("time < ?", filter.until);
    where("place >= ?", filter.fromIndex);
    where("place < ?", filter.toIndex);
    const clause = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const order = filter.order === "last" ? "DESC" : "ASC";
    return this.#all(`SELECT * FROM entry ${clause} ORDER BY place ${order} LIMIT ?`, ...values, filter.limit).map(
      entryOf,
    );
  }

  hashes(from: number, to: number): Uint8Array {
    const found: Uint8Array[] = [];
    for (let start = from; start < to; start += PAGE_HASHES) {
      const end = Math.min(to, start + PAGE_HASHES);
      const sql = "SELECT hash FROM entry WHERE place >= ? AND place < ? ORDER BY place";
      for (const row of this.#all(sql, start, end)) found.push(blob(row, "hash"));
    }
    return Buffer.concat(found);
  }

  heads(fromNumber: number, limit: number): StoredHead[] {
    return this.#all("SELECT * FROM head WHERE number >= ? ORDER BY number LIMIT ?", fromNumber, limit).map(headOf);
  }

  notedHead(): string {
    return this.#note.read();
  }

  inspect(): string[] {
    const rows = this.#all(`PRAGMA integrity_check(${INSPECT_MAX})`);
    return rows.map((row) => String(row.integrity_check)).filter((finding) => finding !== "ok");
  }

  close(): void {
    this.#note.close();
    if (this.#database.isOpen) this.#database.close();
  }

  /** Inside the transaction, so that nobody can come between the check and the insert. */
  #expectNext(group: Group): void {
    const { head, lastIndex } = this.extent();
    const numberFits = group.head.number === (head === undefined ? 0 : head.number + 1);
    const indexFits = group.entries.every((entry, i) => entry.index === (lastIndex ?? -1) + 1 + i);
    if (numberFits && indexFits) return;
    throw new ZtlError("ledger-moved", "Another process has written to the ledger: place the entries after its own");
  }

  #rollback(): void {
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec("ROLLBACK");
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#reading(() => this.#database.prepare(sql).all(...values));
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#reading(() => this.#database.prepare(sql).get(...values));
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw fileError("ledger-read-failed", "Cannot read the ledger", this.#path, error);
    }
  }
}

function openForWriting(directory: string, path: string): DatabaseSync {
  privateDirectory(directory, LEDGER_REFUSAL);
  return openDatabase({
    path,
    format: LEDGER_FORMAT,
    refusal: LEDGER_REFUSAL,
    begin: (database) =>
      database.prepare("INSERT INTO ledger (one, id) VALUES (1, ?)").run(randomBytes(16).toString("hex")),
  });
}

function entryOf(row: Row): StoredEntry {
  return {
    index: integer(row, "place"),
    hash: blob(row, "hash"),
    time: text(row, "time"),
    kind: text(row, "kind"),
    runId: textOrNull(row, "run"),
    agent: textOrNull(row, "agent"),
    bytes: blob(row, "bytes"),
  };
}

function headOf(row: Row): StoredHead {
  return { number: integer(row, "number"), line: text(row, "line"), peaks: blob(row, "peaks") };
}
