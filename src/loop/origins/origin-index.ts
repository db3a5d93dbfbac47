import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type DatabaseFormat, openDatabase, removeDatabase } from "../../base/database.ts";
import { sha256Hex } from "../../base/sha256.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import { BITS_INDEXED, factsOf, Wording } from "../../provenance/index.ts";
import { RecordedContents } from "../history/recorded-contents.ts";
import {
  COMMON_TEXTS,
  INDEX_BATCH_ENTRIES,
  INDEX_BATCH_VALUES,
  INDEX_PAGE_ENTRIES,
  INDEXED_ENTRIES_MAX,
  OCCURRENCES_MAX,
} from "../limits.ts";
import { STATE_REFUSAL } from "../state/state-directory.ts";
import { recordedFiles } from "./recorded-files.ts";
import { type RecordedText, recordedText, type TextRole } from "./recorded-text.ts";

const FORMAT: DatabaseFormat = {
  applicationId: "ztlo",
  version: 1,
  schema: [
    "CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), ledger TEXT NOT NULL, next INTEGER NOT NULL) STRICT",
    "CREATE TABLE talk (number INTEGER PRIMARY KEY, agent TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (agent, name)) STRICT",
    "CREATE TABLE text (entry INTEGER PRIMARY KEY, role TEXT NOT NULL, talk INTEGER NOT NULL, print INTEGER NOT NULL) STRICT",
    "CREATE TABLE value (key INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (key, entry)) STRICT, WITHOUT ROWID",
  ],
  code: "state-format",
  what: "the index of where values stand in a loop's ledger",
  remedy: "It can be removed: it is made again from the ledger.",
};

/** One text in which a value stands. */
export interface Occurrence {
  readonly entry: number;
  readonly role: TextRole;
  readonly agent: string;
  readonly conversation: string;
  /** The same for the same text, whoever had it. */
  readonly print: number;
}

/** Stands in place of a value's number, which is never negative. */
const UNREAD = -1;
const UNREAD_MAX = 1000;

/** Of rows of words one in so many is indexed: a stretch that counts has more of them. */
const SHINGLE_SAMPLE = 4;

/**
 * Where values stand in the texts of the ledger: what agents were given, told, said and called. Made from the ledger, and brought up to
 * it before a question; it holds hashes of values, and counts as nothing but a hint: each answer is looked up in the ledger.
 */
export class OriginIndex {
  readonly #directory: string;
  readonly #ledger: Ledger;
  #database: DatabaseSync | undefined;
  #catchingUp: Promise<void> | undefined;
  #hasRetried = false;

  constructor(directory: string, ledger: Ledger) {
    this.#directory = directory;
    this.#ledger = ledger;
  }

  /** Takes in what was recorded since. Page by page, so that other work of the process goes on in between. */
  catchUp(): Promise<void> {
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  /** Texts before an entry that hold a value, oldest first: the first ones and the last ones of many. */
  find(key: string, before: number): Occurrence[] {
    const sql = `SELECT value.entry AS entry, role, agent, name, print FROM value JOIN text ON text.entry = value.entry
      JOIN talk ON talk.number = text.talk WHERE key = ? AND value.entry < ? ORDER BY value.entry`;
    const half = Math.ceil(OCCURRENCES_MAX / 2);
    const first = this.#rows(`${sql} LIMIT ?`, numberOf(key), before, half);
    if (first.length < half) return first;
    const last = this.#rows(`${sql} DESC LIMIT ?`, numberOf(key), before, half).reverse();
    const known = new Set(first.map(({ entry }) => entry));
    return [...first, ...last.filter(({ entry }) => !known.has(entry))];
  }

  /** Entries of calls and sayings after an entry that hold a value. */
  findAfter(key: string, after: number, limit: number): Occurrence[] {
    const sql = `SELECT value.entry AS entry, role, agent, name, print FROM value JOIN text ON text.entry = value.entry
      JOIN talk ON talk.number = text.talk WHERE key = ? AND value.entry > ? AND role IN ('argument', 'said') ORDER BY value.entry LIMIT ?`;
    return this.#rows(sql, numberOf(key), after, limit);
  }

  /** Entries whose texts could not be read when they were taken in. They are tried once more by whoever opens the index next. */
  unread(): number[] {
    return this.#open()
      .prepare("SELECT entry FROM value WHERE key = ? ORDER BY entry LIMIT ?")
      .all(UNREAD, UNREAD_MAX)
      .map(({ entry }) => Number(entry));
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  /** Removes all of it; the next question is put to a new one. */
  forget(): void {
    this.close();
    this.#database = undefined;
    removeDatabase(join(this.#directory, "origins.sqlite"));
  }

  async #catchUp(): Promise<void> {
    const database = this.#open();
    const size = this.#ledger.head()?.size ?? 0;
    if (!this.#hasRetried) {
      const unread = this.unread().flatMap((entry) => this.#ledger.entry(entry) ?? []);
      const batch = new Batch(this.#next(database));
      await batch.take(this.#ledger, unread, batch.next);
      this.#write(database, batch);
      this.#hasRetried = true;
    }
    for (;;) {
      const batch = new Batch(Math.max(this.#next(database), size - INDEXED_ENTRIES_MAX));
      while (!batch.isFull) {
        const entries = this.#ledger.query({ fromIndex: batch.next, toIndex: size, limit: INDEX_PAGE_ENTRIES });
        const last = entries.at(-1);
        if (last === undefined) break;
        await batch.take(this.#ledger, entries, last.index + 1);
        await nextTurn();
      }
      if (batch.places.length === 0) return;
      this.#write(database, batch);
      await nextTurn();
    }
  }

  #write(database: DatabaseSync, { texts, values, places, unread, next }: Batch): void {
    database.exec("BEGIN IMMEDIATE");
    try {
      const talk = database.prepare("INSERT OR IGNORE INTO talk (agent, name) VALUES (?, ?)");
      const text = database.prepare(
        "INSERT OR IGNORE INTO text (entry, role, talk, print) SELECT ?, ?, number, ? FROM talk WHERE agent = ? AND name = ?",
      );
      const value = database.prepare("INSERT OR IGNORE INTO value (key, entry) VALUES (?, ?)");
      for (const { entry, role, agent, conversation, print } of texts) {
        talk.run(agent, conversation);
        text.run(entry, role, print, agent, conversation);
      }
      for (const [key, entry] of values.sort(([one], [other]) => one - other)) value.run(key, entry);
      const forget = database.prepare("DELETE FROM value WHERE key = ? AND entry = ?");
      for (const entry of places) forget.run(UNREAD, entry);
      for (const entry of unread) value.run(UNREAD, entry);
      database.prepare("UPDATE progress SET next = max(next, ?)").run(next);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #next(database: DatabaseSync): number {
    return Number(database.prepare("SELECT next FROM progress").get()?.next ?? 0);
  }

  #rows(sql: string, ...values: number[]): Occurrence[] {
    const statement = this.#open().prepare(sql);
    return statement.all(...values).map(({ entry, role, agent, name, print }) => ({
      entry: Number(entry),
      role: String(role) as TextRole,
      agent: String(agent),
      conversation: String(name),
      print: Number(print),
    }));
  }

  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    const path = join(this.#directory, "origins.sqlite");
    const database = openDatabase({ path, format: FORMAT, refusal: STATE_REFUSAL, synchronous: "NORMAL" });
    const { ledgerId } = this.#ledger;
    const known = database.prepare("SELECT ledger, next FROM progress").get();
    const size = this.#ledger.head()?.size ?? 0;
    // Of another ledger, or of one that was put back to what it had been.
    if (known?.ledger !== ledgerId || Number(known.next) > size) {
      database.exec("DELETE FROM value; DELETE FROM text; DELETE FROM talk; DELETE FROM progress");
      database.prepare("INSERT OR IGNORE INTO progress (one, ledger, next) VALUES (1, ?, 0)").run(ledgerId);
    }
    this.#database = database;
    return database;
  }
}

/** What is written at once. Hashes lie all over the table: the more of them go in together, in order, the fewer pages are written for each. */
class Batch {
  next: number;
  readonly texts: Occurrence[] = [];
  readonly values: (readonly [key: number, entry: number])[] = [];
  readonly places: number[] = [];
  readonly unread: number[] = [];

  constructor(next: number) {
    this.next = next;
  }

  get isFull(): boolean {
    return this.places.length >= INDEX_BATCH_ENTRIES || this.values.length >= INDEX_BATCH_VALUES;
  }

  async take(ledger: Ledger, entries: readonly Entry[], next: number): Promise<void> {
    const contents = new RecordedContents(ledger);
    for (const entry of entries) {
      this.places.push(entry.index);
      for (const { texts, names, ...text } of await textsOf(contents, entry)) {
        this.texts.push(text);
        for (const key of keysOf({ texts, names, role: text.role })) this.values.push([numberOf(key), text.entry]);
      }
    }
    this.unread.push(...contents.unread);
    this.next = next;
  }
}

interface Indexed extends Occurrence {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

async function textsOf(contents: RecordedContents, entry: Entry): Promise<Indexed[]> {
  const agent = entry.agent ?? "";
  if (entry.kind === "change-set") {
    const names = (await recordedFiles(contents, entry)).flatMap(fileKeys);
    return [{ entry: entry.index, role: "file", agent, conversation: "", print: 0, texts: [], names }];
  }
  const recorded: RecordedText | undefined = await recordedText(contents, entry);
  if (recorded === undefined) return [];
  const { role, conversation, leaves } = recorded;
  const texts = role === "argument" ? [leaves.map(({ text }) => text).join("\n")] : leaves.map(({ text }) => text);
  return [{ entry: entry.index, role, agent, conversation, print: printOf(texts), texts, names: [] }];
}

/** Without our lines, which are others each time. */
function printOf(texts: readonly string[]): number {
  return numberOf(
    texts
      .join("\n")
      .replace(/^\[ztl .*$/gm, "")
      .trim(),
  );
}

/** A file under its path, its name and its content. */
export function fileKeys({ path, sha256 }: { readonly path: string; readonly sha256?: string | undefined }): string[] {
  const plain = path.replace(/^\/+/, "");
  return [`file:${plain}`, `file:${plain.split("/").at(-1)}`, ...(sha256 === undefined ? [] : [`content:${sha256}`])];
}

/**
 * Handed out to so many conversations, in texts that are not the same one: a formula, a footer, a licence, a price. For what is
 * nobody's own; whoever plants an address in many texts does not hide it by that.
 */
export function isCommon(occurrences: readonly Occurrence[]): boolean {
  const given = occurrences.filter(({ role }) => role === "given");
  const talks = new Set(given.map(({ agent, conversation }) => `${agent}\0${conversation}`));
  return talks.size >= COMMON_TEXTS && new Set(given.map(({ print }) => print)).size >= COMMON_TEXTS;
}

function keysOf({ texts, names, role }: Pick<Indexed, "texts" | "names" | "role">): ReadonlySet<string> {
  const keys = new Set(names);
  for (const text of texts) {
    for (const { key, bits } of factsOf(text, { rewritten: role === "argument" }))
      if (bits >= BITS_INDEXED) keys.add(key);
    if (role === "argument") continue;
    for (const shingle of new Wording(text).shingles()) if (isSampled(shingle)) keys.add(wordingKey(shingle));
  }
  return keys;
}

export function wordingKey(shingle: string): string {
  return `wording:${shingle}`;
}

export function isSampled(shingle: string): boolean {
  return numberOf(wordingKey(shingle)) % SHINGLE_SAMPLE === 0;
}

/** 48 bits of its hash: an integer that is exact. What collides is told apart by the text. */
function numberOf(key: string): number {
  return Number.parseInt(sha256Hex(key).slice(0, 12), 16);
}
