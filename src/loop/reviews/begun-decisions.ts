import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type DatabaseFormat, openDatabase } from "../../base/database.ts";
import { STATE_REFUSAL } from "../state/state-directory.ts";

const FORMAT: DatabaseFormat = {
  applicationId: "ztld",
  version: 1,
  schema: [
    `CREATE TABLE begun (
      number INTEGER PRIMARY KEY, at INTEGER NOT NULL, verb TEXT NOT NULL, review TEXT, reviewer TEXT, message TEXT
    ) STRICT`,
  ],
  code: "state-format",
  what: "the decisions that a loop has begun",
  remedy: "It was made by another version of this package: use that one, or another stateDirectory.",
};

/** A decision has its entry within seconds. One that was begun longer ago lost its process, or could not be recorded. */
export const OVERDUE_MS = 120_000;

/** A decision that moves a review. Those that write to the host have names of their own there; see `Workspace.takeRecovered`. */
export type MovingVerb = "approve" | "reject" | "revoke" | "expire";

export interface BegunDecision {
  readonly verb: MovingVerb;
  /** Absent when time decides, about whatever is over. */
  readonly reviewId?: string | undefined;
  readonly reviewer?: string | undefined;
  readonly message?: string | undefined;
}

export interface OverdueDecision extends BegunDecision {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What is about to be decided, from before its review moves until its entry is in the ledger: they lie in databases of their own, and
 * a process can be killed between both. Whoever comes next finds what moved without an entry, by what is left here.
 */
export class BegunDecisions {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(directory: string, now: () => number) {
    this.#now = now;
    // Durable before the review moves, which is as well.
    const path = join(directory, "decisions.sqlite");
    this.#database = openDatabase({ path, format: FORMAT, refusal: STATE_REFUSAL, synchronous: "FULL" });
  }

  /** What failed on its way may have moved the review all the same: it stays, to be looked at. */
  async during<T>(decision: BegunDecision, work: () => Promise<T>): Promise<T> {
    const { verb, reviewId = null, reviewer = null, message = null } = decision;
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO begun (at, verb, review, reviewer, message) VALUES (?, ?, ?, ?, ?)")
      .run(this.#now(), verb, reviewId, reviewer, message);
    const result = await work();
    this.end(Number(lastInsertRowid));
    return result;
  }

  /** It has its entry, or nothing came of it. */
  end(number: number): void {
    this.#database.prepare("DELETE FROM begun WHERE number = ?").run(number);
  }

  overdue(): OverdueDecision[] {
    const rows = this.#database
      .prepare("SELECT * FROM begun WHERE at <= ? ORDER BY number")
      .all(this.#now() - OVERDUE_MS);
    const text = (value: unknown): string | undefined => (value === null ? undefined : String(value));
    return rows.map(({ number, at, verb, review, reviewer, message }) => ({
      ...{ number: Number(number), at: Number(at), verb: String(verb) as MovingVerb },
      ...{ reviewId: text(review), reviewer: text(reviewer), message: text(message) },
    }));
  }

  close(): void {
    this.#database.close();
  }
}
