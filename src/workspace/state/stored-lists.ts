import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { Pace } from "../../base/pace.ts";
import { parseStored, type StoredFormat } from "../../base/stored-json.ts";
import { CUT_MS_MAX } from "../limits.ts";
import { interrupted } from "./interrupted.ts";

/** Items in one row, and characters after which the next one begins: a row takes a few milliseconds to read or write. */
const ROW_ITEMS = 200;
const ROW_UNITS = 128 * 1024;
/** Rows removed at once. */
const ROWS_AT_ONCE = 20;

/** In the place of the time it was made. */
const REMOVED = 0;

/** Where the lists of one thing are: they are written before it, and it names them. */
export type ListsKey = string;

export interface NewList<T> {
  readonly name: string;
  readonly items: readonly T[];
  /** As JSON; without it, as `JSON.stringify` does. */
  readonly encode?: (item: T) => string;
  /** In the transaction that writes the item. */
  readonly also?: (item: T) => void;
}

/** What to expect of a list that is read. */
export interface ListFormat {
  readonly name: string;
  readonly format: StoredFormat;
}

/**
 * Lists of up to as many items as a change set has, in rows of some of them: none is written, read or changed in one piece. Whoever
 * is killed while writing leaves rows that nothing names; those are removed when they are old.
 */
export class StoredLists {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** A place for lists that nothing names yet. */
  begin(): ListsKey {
    const key = randomUUID();
    this.#database.prepare("INSERT INTO list (key, made) VALUES (?, ?)").run(key, Date.now());
    return key;
  }

  async write<T>(key: ListsKey, { name, items, encode = JSON.stringify, also }: NewList<T>): Promise<void> {
    // Whoever was killed while writing begins anew.
    this.#database.prepare("DELETE FROM list_row WHERE key = ? AND name = ?").run(key, name);
    const insert = this.#database.prepare("INSERT INTO list_row (key, name, number, items) VALUES (?, ?, ?, ?)");
    const pace = new Pace();
    for (let at = 0, number = 0; at < items.length; number++) {
      const from = at;
      const texts: string[] = [];
      for (let units = 0; at < items.length && at - from < ROW_ITEMS && units < ROW_UNITS; at++) {
        const text = encode(items[at] as T);
        units += text.length;
        texts.push(text);
      }
      transaction(this.#database, () => {
        insert.run(key, name, number, `[${texts.join(",")}]`);
        if (also !== undefined) for (const item of items.slice(from, at)) also(item);
      });
      if (pace.isOver) await pace.rest();
    }
  }

  /** `seen` gets the text between the brackets, row by row. */
  async read<T>(key: ListsKey, { name, format }: ListFormat, seen?: (items: string) => void): Promise<T[]> {
    const select = this.#database.prepare("SELECT items FROM list_row WHERE key = ? AND name = ? AND number = ?");
    const pace = new Pace();
    const found: T[] = [];
    for (let number = 0; ; number++) {
      const row = select.get(key, name, number);
      if (row === undefined) return found;
      const text = String(row.items);
      for (const item of parseStored<readonly T[]>(text, format)) found.push(item);
      seen?.(text.slice(1, -1));
      if (pace.isOver) await pace.rest();
    }
  }

  /** The marks that contents are used go with what they were made for. */
  async remove(key: ListsKey): Promise<void> {
    const pace = new Pace();
    for (const rows of [
      "DELETE FROM content_use WHERE (sha256, list) IN (SELECT sha256, list FROM content_use WHERE list = ? LIMIT ?)",
      "DELETE FROM list_row WHERE (key, name, number) IN (SELECT key, name, number FROM list_row WHERE key = ? LIMIT ?)",
    ]) {
      const remove = this.#database.prepare(rows);
      while (Number(remove.run(key, ROWS_AT_ONCE).changes) > 0) if (pace.isOver) await pace.rest();
    }
    this.#database.prepare("DELETE FROM list WHERE key = ?").run(key);
  }

  /** To be called in the transaction that names them: whoever was stopped for long before may find them removed. */
  expectKept(key: ListsKey): void {
    const row = this.#database.prepare("SELECT 1 FROM list WHERE key = ? AND made <> ?").get(key, REMOVED);
    if (row === undefined) throw interrupted();
  }

  /** What nothing names, and what nobody will name any more. */
  async removeAbandoned(): Promise<void> {
    const rows = this.#database
      .prepare(
        `UPDATE list SET made = ? WHERE made < ? AND key NOT IN (SELECT lists FROM change_set)
         AND key NOT IN (SELECT lists FROM journal) AND key NOT IN (SELECT lists FROM outbox) RETURNING key`,
      )
      .all(REMOVED, Date.now() - CUT_MS_MAX);
    for (const { key } of rows) await this.remove(String(key));
  }
}
