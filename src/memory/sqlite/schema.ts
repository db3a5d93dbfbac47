import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { getLoadablePath } from "sqlite-vec";
import { ZtlError } from "../../errors.ts";
import { BUSY_TIMEOUT_MS } from "../limits.ts";

/** "ztlv": says whose file it is (SQLite file format, section 1.3.16). */
const APPLICATION_ID = 0x7a746c76;
const FORMAT = 1;
/** What the text in it is for is private to its owner. */
const FILE_MODE = 0o600;

/** Opens the database, makes it when it is new. Throws ZtlError `vector-store-open-failed` or `vector-store-format`. */
export function openDatabase(path: string, dimensions: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Made before SQLite does, which would let others read it.
    if (path !== ":memory:") closeSync(openSync(path, "a", FILE_MODE));
    database = new DatabaseSync(path, { allowExtension: true, timeout: BUSY_TIMEOUT_MS });
    database.loadExtension(getLoadablePath());
    database.enableLoadExtension(false);
    prepare(database, dimensions);
    return database;
  } catch (error) {
    database?.close();
    if (ZtlError.isInstance(error)) throw error;
    throw new ZtlError("vector-store-open-failed", `Cannot open the vector store ${path}`, { path }, { cause: error });
  }
}

function prepare(database: DatabaseSync, dimensions: number): void {
  // The file may come from elsewhere: nothing in its schema may call functions on its own.
  database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  database.exec("BEGIN IMMEDIATE");
  try {
    if (database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined) create(database, dimensions);
    expectFormat(database, dimensions);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
}

function create(database: DatabaseSync, dimensions: number): void {
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
  for (const sql of tables(dimensions)) database.exec(sql);
}

/** `place` ties a document to its vector. */
function tables(dimensions: number): readonly string[] {
  return [
    "CREATE TABLE document (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, metadata TEXT NOT NULL)",
    `CREATE VIRTUAL TABLE vector USING vec0(embedding float[${dimensions}] distance_metric=cosine)`,
  ];
}

/** Exactly our tables, of these dimensions, beside those that sqlite-vec and SQLite keep for themselves; no trigger, no view. */
function expectFormat(database: DatabaseSync, dimensions: number): void {
  const number = (pragma: string): unknown => database.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
  const rows = database.prepare("SELECT type, name, sql FROM sqlite_schema").all();
  const isKept = ({ type, name }: Record<string, unknown>): boolean =>
    (type === "table" || type === "index") && /^(vector|sqlite)_/.test(String(name));
  const found = rows.filter((row) => !isKept(row)).map(({ sql }) => sql);
  const expected = tables(dimensions);
  const fits = found.length === expected.length && expected.every((sql) => found.includes(sql));
  if (fits && number("application_id") === APPLICATION_ID && number("user_version") === FORMAT) return;
  throw new ZtlError(
    "vector-store-format",
    `Expected a vector store of format ${FORMAT} with ${dimensions} dimensions; found another database`,
    { dimensions },
  );
}
