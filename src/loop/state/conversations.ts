import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { type Label, parseTaint, Taint } from "../../policy/index.ts";
import { CONVERSATIONS_MAX } from "../limits.ts";
import { parseLabels } from "./stored.ts";

/**
 * What each conversation of each agent has taken in, as taint. It only grows, and it is kept on disk: an agent that starts
 * again with the same conversation is as tainted as before.
 */
export class Conversations {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  /** Of this process; another one may have added labels, so that a decision reads the database. */
  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  taintOf(agent: string, conversation: string): Taint {
    const row = this.#database
      .prepare("SELECT taint FROM conversation WHERE agent = ? AND name = ?")
      .get(agent, conversation);
    return row === undefined ? Taint.none : parseTaint(parseLabels(String(row.taint)));
  }

  /** Called when content goes to the agent, before it has it. */
  add(agent: string, conversation: string, labels: readonly Label[]): Taint {
    const before = this.taintOf(agent, conversation);
    if (sameTaint(before, before.join(...labels))) return before;
    return transaction(this.#database, () => {
      const taint = this.taintOf(agent, conversation).join(...labels);
      this.#database
        .prepare("INSERT OR REPLACE INTO conversation (agent, name, taint, used) VALUES (?, ?, ?, ?)")
        .run(agent, conversation, JSON.stringify(taint.toJson()), this.#now());
      this.#database
        .prepare(
          "DELETE FROM conversation WHERE rowid IN (SELECT rowid FROM conversation ORDER BY used DESC LIMIT -1 OFFSET ?)",
        )
        .run(CONVERSATIONS_MAX);
      return taint;
    });
  }
}

function sameTaint(a: Taint, b: Taint): boolean {
  return JSON.stringify(a.toJson()) === JSON.stringify(b.toJson());
}
