import type { StatementSync } from "node:sqlite";
import { DatabaseSync } from "./sqlite.ts";

/** Far more than any room has; one that made its statements from data would otherwise keep them all. */
const STATEMENTS_MAX = 256;

/**
 * A database that compiles a statement once: that takes longer than running most of ours. Each use of a statement ends before the
 * next begins, since nothing here iterates over rows.
 */
export class PreparedDatabase extends DatabaseSync {
  readonly #statements = new Map<string, StatementSync>();

  override prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = super.prepare(sql);
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }
}
