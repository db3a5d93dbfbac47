import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { setImmediate as breathe } from "node:timers/promises";
import { removeDatabase, transaction } from "../../base/database.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import { INDEXED_AT_ONCE } from "../limits.ts";
import { INDEX_FILE, openIndexDatabase } from "./index-database.ts";
import { indexEntry } from "./indexed-entry.ts";
import type { RunRow } from "./run-record.ts";

/** What runs are looked for by; all of it must match. */
export interface RunFilter {
  /** Only runs whose first entry stands before this index: `next` of the page before. */
  readonly beforeIndex?: number | undefined;
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly conversation?: string | undefined;
  /** How the run ended; for a call that did not come to run, what the policy said. */
  readonly status?: string | undefined;
  /** The strictest verdict of the guard on what it returned. */
  readonly verdict?: string | undefined;
  /** Only runs with a finding of the guard: of the rules or families whose name begins so, or of any for an empty text. */
  readonly finding?: string | undefined;
  /** First time that matches, and first one after it that does not: RFC 3339, UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Somewhere in agent, tool, conversation, ids of its trace, command or input; upper and lower case are the same. */
  readonly search?: string | undefined;
  /** The beginning of a run's id. */
  readonly idPrefix?: string | undefined;
}

export interface OneConversation {
  readonly conversation: string;
  readonly agent: string;
}

export interface StepRange {
  readonly after?: number;
  readonly before?: number;
  readonly order?: "first" | "last";
  readonly limit: number;
}

/**
 * The ledger's runs as rows that are found by index. It is made from the ledger and caught up with it before each answer; whoever
 * removes it loses time and nothing else. What a run's page shows is read from the ledger itself.
 */
export class RunIndex {
  readonly #directory: string;
  readonly #ledger: Ledger;
  #opened: DatabaseSync | undefined;

  constructor(directory: string, ledger: Ledger) {
    this.#directory = directory;
    this.#ledger = ledger;
  }

  /** Opened when somebody looks back: agents' calls never need it. */
  get #database(): DatabaseSync {
    this.#opened ??= openIndexDatabase(this.#directory);
    return this.#opened;
  }

  /** Newest first. */
  async runs(filter: RunFilter, limit: number): Promise<RunRow[]> {
    await this.#catchUp();
    const { clause, values } = conditionsOf(filter);
    const sql = `SELECT * FROM run ${clause} ORDER BY place DESC LIMIT ?`;
    return this.#database
      .prepare(sql)
      .all(...values, limit)
      .map((row) => rowOf(row));
  }

  /** Places in the ledger of a conversation's entries, those of its runs among them, oldest first. */
  async places(
    conversation: string,
    { agent, limit }: { agent?: string | undefined; limit: number },
  ): Promise<number[]> {
    await this.#catchUp();
    const one = agent === undefined ? "" : "AND agent = ?";
    const values = agent === undefined ? [conversation] : [conversation, agent];
    return this.#database
      .prepare(`SELECT place FROM step WHERE conversation = ? ${one} ORDER BY place LIMIT ?`)
      .all(...values, limit)
      .map(({ place }) => Number(place));
  }

  /**
   * Entries of one agent's conversation between two places of the ledger, ends exclusive: the first ones, or the last ones with the
   * last one first. However much else its agent does at the same time, they are found by index.
   */
  async stepsOf({ conversation, agent }: OneConversation, range: StepRange): Promise<Entry[]> {
    await this.#catchUp();
    const { after = -1, before = Number.MAX_SAFE_INTEGER, order = "first", limit } = range;
    const direction = order === "first" ? "ASC" : "DESC";
    return this.#database
      .prepare(
        `SELECT place FROM step WHERE conversation = ? AND agent = ? AND place > ? AND place < ? ORDER BY place ${direction} LIMIT ?`,
      )
      .all(conversation, agent, after, before, limit)
      .flatMap(({ place }) => this.#ledger.entry(Number(place)) ?? []);
  }

  /** Names of conversations that begin so, and their agents; a whole name comes before those that it begins. */
  async conversations(
    prefix: string,
    { agent, limit }: { agent?: string | undefined; limit: number },
  ): Promise<{ conversation: string; agent: string }[]> {
    await this.#catchUp();
    const one = agent === undefined ? "" : "AND agent = ?";
    const sql = `SELECT DISTINCT conversation, agent FROM step WHERE conversation >= ? AND conversation < ? ${one}
      ORDER BY conversation, agent LIMIT ?`;
    return this.#database
      .prepare(sql)
      .all(prefix, afterPrefix(prefix), ...(agent === undefined ? [] : [agent]), limit)
      .map((row) => ({ conversation: String(row.conversation), agent: String(row.agent) }));
  }

  close(): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  /** Removes all of it; the next answer is from a new one. */
  forget(): void {
    this.close();
    removeDatabase(join(this.#directory, INDEX_FILE));
  }

  /** Takes in what the ledger has more, a part at a time, with other work of the process in between. */
  async #catchUp(): Promise<void> {
    while (transaction(this.#database, () => this.#takeIn()) === INDEXED_AT_ONCE) await breathe();
  }

  #takeIn(): number {
    const from = this.#next();
    const entries = this.#ledger.query({ fromIndex: from, limit: INDEXED_AT_ONCE });
    for (const entry of entries) indexEntry(this.#database, entry);
    const last = entries.at(-1);
    if (last !== undefined) {
      this.#database
        .prepare("INSERT OR REPLACE INTO mark (one, ledger, next, last) VALUES (1, ?, ?, ?)")
        .run(this.#ledger.ledgerId, last.index + 1, last.hash);
    }
    return entries.length;
  }

  /** Where the index goes on; from the beginning when what it was made from is not this ledger as it is. */
  #next(): number {
    const mark = this.#database.prepare("SELECT ledger, next, last FROM mark").get();
    if (mark === undefined) return 0;
    const next = Number(mark.next);
    if (mark.ledger === this.#ledger.ledgerId && this.#lastOf(next)?.hash === mark.last) return next;
    this.#database.exec("DELETE FROM mark; DELETE FROM run; DELETE FROM finding; DELETE FROM step");
    return 0;
  }

  #lastOf(next: number): Entry | undefined {
    return this.#ledger.entry(next - 1);
  }
}

/** Asked for as a status: of calls that did not come to run. */
const DECISIONS: ReadonlySet<unknown> = new Set<RunRow["decision"]>(["run", "ask", "refuse"]);

function conditionsOf(filter: RunFilter): { readonly clause: string; readonly values: SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const where = (condition: string, ...given: readonly (SQLInputValue | undefined)[]): void => {
    if (given.includes(undefined)) return;
    conditions.push(condition);
    values.push(...(given as SQLInputValue[]));
  };
  where("place < ?", filter.beforeIndex);
  where("agent = ?", filter.agent);
  where("tool = ?", filter.tool);
  where("conversation = ?", filter.conversation);
  // Neither has names of the other's.
  if (DECISIONS.has(filter.status)) where("status = 'none' AND decision = ?", filter.status);
  else where("status = ?", filter.status);
  where("verdict = ?", filter.verdict);
  where("time >= ?", filter.since);
  where("time < ?", filter.until);
  where("instr(words, ?) > 0", filter.search?.toLowerCase());
  const { finding, idPrefix } = filter;
  if (finding !== undefined)
    where("id IN (SELECT run FROM finding WHERE rule >= ? AND rule < ?)", finding, afterPrefix(finding));
  if (idPrefix !== undefined) where("id >= ? AND id < ?", idPrefix, afterPrefix(idPrefix));
  return { clause: conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`, values };
}

/** After every text that begins so: SQLite compares UTF-8 byte by byte, and no character's bytes are above U+10FFFF's. */
function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function rowOf(row: Readonly<Record<string, unknown>>): RunRow {
  const text = (name: string): string => String(row[name]);
  return {
    runId: text("id"),
    index: Number(row.place),
    agent: text("agent"),
    tool: text("tool"),
    conversation: text("conversation"),
    time: text("time"),
    command: text("command"),
    decision: text("decision") as RunRow["decision"],
    status: text("status"),
    verdict: text("verdict") as RunRow["verdict"],
    replayable: row.replayable === 1,
  };
}
