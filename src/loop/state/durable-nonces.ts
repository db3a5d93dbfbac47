import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type DatabaseFormat, openDatabase } from "../../base/database.ts";
import type { Nonces } from "../../guard/index.ts";
import { NONCES_MAX, NONCES_PRUNED_EVERY } from "../limits.ts";
import { STATE_REFUSAL } from "./state-directory.ts";

const FORMAT: DatabaseFormat = {
  applicationId: "ztln",
  version: 1,
  schema: ["CREATE TABLE nonce (nonce TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID"],
  code: "state-format",
  what: "the used admissions of a loop",
  remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
};

/**
 * Used admissions on disk: one lives for minutes, and the key that signed it for ever, so that another process, or this one started
 * again, must know what was used. Only a loss of power may forget the last ones; a process that is killed does not.
 */
export class DurableNonces implements Nonces {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  #uses = 0;
  #isFull = false;

  constructor(directory: string) {
    this.#database = openDatabase({
      path: join(directory, "nonces.sqlite"),
      format: FORMAT,
      refusal: STATE_REFUSAL,
      synchronous: "NORMAL",
    });
    this.#insert = this.#database.prepare("INSERT OR IGNORE INTO nonce (nonce, expires) VALUES (?, ?)");
  }

  use(nonce: string, expiresAt: number, now: number): "new" | "known" | "full" {
    if (this.#isFull || this.#uses++ % NONCES_PRUNED_EVERY === 0) this.#prune(now);
    if (this.#isFull) return "full";
    return this.#insert.run(nonce, expiresAt).changes === 1 ? "new" : "known";
  }

  close(): void {
    this.#database.close();
  }

  /** An expired admission is refused for its age. */
  #prune(now: number): void {
    this.#database.prepare("DELETE FROM nonce WHERE expires <= ?").run(now);
    this.#isFull = Number(this.#database.prepare("SELECT count(*) AS n FROM nonce").get()?.n) >= NONCES_MAX;
  }
}
