import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { ZtlError } from "../errors.ts";
import { syncPath } from "./durable-files.ts";
import { PreparedDatabase } from "./prepared-database.ts";
import { privateFile, type Refusal } from "./private-files.ts";
import { DatabaseSync } from "./sqlite.ts";

/** SQLite files as all rooms open them: private, in one set of pragmas, and only when they are what is expected. */

/** How long SQLite waits for another process's transaction. Ours take milliseconds, the ledger's largest on a slow disk 50. */
const BUSY_TIMEOUT_MS = 5000;
/** SQLITE_BUSY of sqlite3.h; the upper bits say more. */
const BUSY = 5;

export interface DatabaseFormat {
  /** Four letters that say whose file it is (SQLite file format, section 1.3.16). */
  readonly applicationId: string;
  /** Counted up when the meaning of what is in it changes; kept as SQLite's `user_version`. */
  readonly version: number;
  /** `CREATE` statements: all of them and no others must be in the file, since a view or a trigger could show or write other rows. */
  readonly schema: readonly string[];
  /** Beginnings of names of tables that an extension makes for itself. */
  readonly keptBy?: string;
  /** What is wrong is thrown with this code. */
  readonly code: string;
  /** What it should be, such as "a ledger". */
  readonly what: string;
  readonly remedy: string;
}

export interface OpenDatabaseOptions {
  /** `:memory:` is one that is gone when it is closed. */
  readonly path: string;
  readonly format: DatabaseFormat;
  /** For a file that is not private. */
  readonly refusal: Refusal;
  /**
   * `NORMAL` may lose the last transactions when the power fails, never a part of one; `later` may, too, until a `LogSync` has flushed
   * them, to which it also leaves folding back the log. Default `FULL`.
   */
  readonly synchronous?: "FULL" | "NORMAL" | "later";
  /** Path of an extension that the schema needs. */
  readonly extension?: string;
  /** What a new database holds from the start; in the transaction that makes it. */
  readonly begin?: (database: DatabaseSync) => void;
}

/**
 * Opens a database that several processes may use at once, and makes it when it is new. Nothing is changed in a file that is
 * something else: that throws ZtlError with the format's code, or the refusal's for one that is not private.
 */
export function openDatabase(options: OpenDatabaseOptions): DatabaseSync {
  const { path, format, refusal, synchronous = "FULL", extension } = options;
  // Made here and not by SQLite, which would let others read it; its log beside it gets the same mode.
  if (path !== ":memory:") privateFile(path, refusal);
  const database = new PreparedDatabase(path, { timeout: BUSY_TIMEOUT_MS, allowExtension: extension !== undefined });
  try {
    distrust(database);
    if (extension !== undefined) {
      database.loadExtension(extension);
      database.enableLoadExtension(false);
    }
    const isNew = isEmpty(database);
    if (!isNew) expectFormat(database, path, format);
    const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode;
    if (mode !== "wal" && path !== ":memory:") {
      throw new ZtlError(format.code, `Expected ${path} to take a write-ahead log; its mode is ${String(mode)}`, {
        path,
      });
    }
    database.exec(`PRAGMA synchronous = ${synchronous === "later" ? "NORMAL" : synchronous}`);
    if (synchronous === "later") database.exec("PRAGMA wal_autocheckpoint = 0");
    if (isNew) make(database, options);
    if (isNew && path !== ":memory:") syncPath(dirname(path));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens what someone else wrote, changing nothing. Throws like `openDatabase`. */
export function openDatabaseForReading(path: string, format: DatabaseFormat): DatabaseSync {
  const database = openReadOnly(path);
  try {
    expectFormat(database, path, format);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openReadOnly(path: string): DatabaseSync {
  const database = new PreparedDatabase(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    distrust(database);
    isEmpty(database);
    return database;
  } catch (error) {
    database.close();
    // WAL mode wants a shared-memory file beside the database. Without a log there is nothing to share: the file is all.
    if (!existsSync(path) || existsSync(`${path}-wal`)) throw error;
    const uri = new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}?immutable=1`);
    const unshared = new PreparedDatabase(uri, { readOnly: true });
    distrust(unshared);
    return unshared;
  }
}

/**
 * A database that holds nothing and serves as a lock: whoever holds its write transaction has it, and the kernel takes it back
 * when the process dies. Nothing waits in SQLite; see `tryToBegin`.
 */
export function openLock(path: string, refusal: Refusal): DatabaseSync {
  privateFile(path, refusal);
  const database = new DatabaseSync(path, { timeout: 0 });
  distrust(database);
  return database;
}

/** Begins a write transaction; false when another connection has one. */
export function tryToBegin(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === BUSY) return false;
    throw error;
  }
}

/** All or nothing, and alone: nobody else writes between what is read and what is written. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Another text whenever rows may have changed: SQLite tells of the transactions of other connections, and counts the rows that this one
 * has changed. Reads no table.
 */
export function versionOf(database: DatabaseSync): string {
  const row = database.prepare("SELECT data_version AS others, total_changes() AS own FROM pragma_data_version").get();
  return `${row?.others} ${row?.own}`;
}

/** Removes a database that is made anew from something else, with its log. */
export function removeDatabase(path: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
}

/**
 * A transaction after which what it wrote over or deleted is in no file any more. The database is written anew: pages that were split
 * or freed keep what was in them (sqlite.org, VACUUM), also that of long ago. The log, which has it too, is cut to nothing. Throws while
 * another connection reads or writes for longer than this one waits; then it may be done again.
 */
export function erasing(database: DatabaseSync, work: () => void): void {
  transaction(database, work);
  database.exec("VACUUM");
  const { busy } = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {};
  if (busy !== 0) throw new Error("another process uses the database");
}

/** The file may come from elsewhere: nothing in its schema may call functions, and its pages are checked as they are read. */
function distrust(database: DatabaseSync): void {
  database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

function make(database: DatabaseSync, { path, format, begin }: OpenDatabaseOptions): void {
  transaction(database, () => {
    // Another process may have been faster.
    if (!isEmpty(database)) return expectFormat(database, path, format);
    for (const sql of format.schema) database.exec(sql);
    begin?.(database);
    database.exec(`PRAGMA application_id = ${numberOf(format.applicationId)}; PRAGMA user_version = ${format.version}`);
  });
}

/** The letters as the 32-bit number that SQLite keeps. */
function numberOf(letters: string): number {
  return Buffer.from(letters, "latin1").readInt32BE();
}

function expectFormat(database: DatabaseSync, path: string, format: DatabaseFormat): void {
  const number = (pragma: string): unknown => database.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
  const refuse = (found: string): never => {
    const { code, what, version, remedy } = format;
    throw new ZtlError(code, `Expected ${what} of format ${version} in ${path}; found ${found}`.toWellFormed(), {
      path,
      remedy,
    });
  };
  const owner = number("application_id");
  // Version 0.1.0 left the id of all but vector stores at 0.
  if (owner !== numberOf(format.applicationId) && owner !== 0) refuse("another program's database");
  const version = number("user_version");
  if (version !== format.version) refuse(`format ${String(version)}`);
  const strange = strangeObjects(database, format);
  if (strange.length > 0) refuse(`other tables: ${strange.slice(0, 10).join(", ")}`);
}

/** Names of what is in the file and not in the schema, and statements of the schema that are not in the file. */
function strangeObjects(database: DatabaseSync, { schema, keptBy }: DatabaseFormat): string[] {
  const expected = new Set(schema.map(withOneSpace));
  const kept = ["sqlite_", ...(keptBy === undefined ? [] : [keptBy])];
  const strange: string[] = [];
  for (const { type, name, sql } of database.prepare("SELECT type, name, sql FROM sqlite_schema").all()) {
    if (expected.delete(withOneSpace(String(sql)))) continue;
    const isTable = type === "table" || type === "index";
    if (!isTable || !kept.some((beginning) => String(name).startsWith(beginning))) strange.push(String(name));
  }
  return [...strange, ...expected];
}

/** SQLite keeps a statement's text with the spaces and line breaks it was written with. */
function withOneSpace(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}
