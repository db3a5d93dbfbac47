import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../base/database.ts";
import { type Label, parseTaint, Taint } from "../../policy/index.ts";
import { TAINTS_READ_MAX } from "../limits.ts";
import { parseLabels } from "./stored.ts";

/**
 * What each conversation of each agent has taken in, as taint. It only grows and no conversation is forgotten, as a forgotten one would
 * be clean; a row takes some hundred bytes. It is kept on disk: an agent that starts again with the same conversation is as tainted as
 * before.
 */
export class Conversations {
  readonly #database: DatabaseSync;
  /** What stored texts say. Another process may have added labels, so that the text itself is always read. */
  readonly #read = new Map<string, Taint>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Nothing is known of any conversation: this state is new, or another one was lost. */
  get isEmpty(): boolean {
    return this.#database.prepare("SELECT 1 FROM conversation LIMIT 1").get() === undefined;
  }

  taintOf(agent: string, conversation: string): Taint {
    const row = this.#database
      .prepare("SELECT taint FROM conversation WHERE agent = ? AND name = ?")
      .get(agent, conversation);
    return row === undefined ? Taint.none : this.#parse(String(row.taint));
  }

  /** Called when content goes to the agent, before it has it. */
  add(agent: string, conversation: string, labels: readonly Label[]): Taint {
    const before = this.taintOf(agent, conversation);
    if (sameTaint(before, before.join(...labels))) return before;
    return transaction(this.#database, () => {
      const taint = this.taintOf(agent, conversation).join(...labels);
      this.#database
        .prepare("INSERT OR REPLACE INTO conversation (agent, name, taint) VALUES (?, ?, ?)")
        .run(agent, conversation, JSON.stringify(taint.toJson()));
      return taint;
    });
  }

  #parse(text: string): Taint {
    const known = this.#read.get(text);
    if (known !== undefined) return known;
    const taint = parseTaint(parseLabels(text));
    if (this.#read.size >= TAINTS_READ_MAX) this.#read.clear();
    this.#read.set(text, taint);
    return taint;
  }
}

function sameTaint(a: Taint, b: Taint): boolean {
  return a === b || JSON.stringify(a.toJson()) === JSON.stringify(b.toJson());
}
