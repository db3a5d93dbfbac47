import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { transaction, versionOf } from "../../base/database.ts";
import { defined } from "../../base/optional.ts";
import type { TroubleKind } from "../../policy/index.ts";
import { RUN_BREAKER_KEPT_MS } from "../limits.ts";
import { type BreakerState, hashOfOpening, type OpenBreaker, type Opening, parseOpening } from "./opening.ts";
import { type BreakerTarget, type Covering, keyOf } from "./target.ts";

/** One statement, whoever acts: this is asked before each call. */
const OVER = `SELECT breaker.* FROM (VALUES (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)) AS asked
  JOIN breaker ON breaker.scope = asked.column1 AND breaker.target = asked.column2`;

type Row = Record<string, SQLOutputValue>;

/** Tables of the loop's database. A breaker that is closed has no row: the ledger has what became of it. */
export const BREAKER_TABLES = [
  `CREATE TABLE breaker (
    scope TEXT NOT NULL, target TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, opening TEXT NOT NULL,
    changed INTEGER NOT NULL, cool_down INTEGER, probe TEXT, PRIMARY KEY (scope, target)
  ) STRICT`,
  "CREATE INDEX breaker_probe ON breaker (probe) WHERE probe IS NOT NULL",
  "CREATE TABLE trouble (kind TEXT NOT NULL, rule TEXT NOT NULL, target TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
  "CREATE INDEX trouble_of ON trouble (rule, target, at)",
] as const;

/** One sign of trouble, as a rule counts it. */
export interface CountedTrouble {
  readonly kind: TroubleKind;
  readonly rule: string;
  readonly target: BreakerTarget;
  readonly withinMs: number;
}

/**
 * The breakers that are not closed, for every process of this state: each step is one statement or transaction, so that of several
 * processes one takes it.
 */
export class BreakerStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Another text whenever a breaker may have changed, in whichever process. Reads no table. */
  get version(): string {
    return versionOf(this.#database);
  }

  /** Those over what somebody does, the widest first; see `targetsCovering`. Throws ZtlError `breaker-damaged`. */
  over(targets: Covering): readonly OpenBreaker[] {
    const keys = targets.flatMap((target) => [target.scope, keyOf(target)]);
    return this.#database
      .prepare(OVER)
      .all(...keys)
      .map(toBreaker);
  }

  list(): readonly OpenBreaker[] {
    return this.#database.prepare("SELECT * FROM breaker ORDER BY changed DESC, id").all().map(toBreaker);
  }

  get(id: string): OpenBreaker | undefined {
    const row = this.#database.prepare("SELECT * FROM breaker WHERE id = ?").get(id);
    return row === undefined ? undefined : toBreaker(row);
  }

  /**
   * Opens a target's breaker. One that is open stays as it was opened, unless a rule would close it and this opening leaves it to a
   * person; one that is half-open is opened anew.
   */
  open(opening: Opening): { readonly breaker: OpenBreaker; readonly isNew: boolean } {
    return transaction(this.#database, () => {
      this.#forgetRuns();
      const known = this.#find(opening.target);
      const stays = known?.state === "open" && (known.coolDownMs === undefined || opening.coolDownMs !== undefined);
      if (known !== undefined && stays) return { breaker: known, isNew: false };
      const { target, id, openedAt, coolDownMs = null } = opening;
      this.#database
        .prepare("INSERT OR REPLACE INTO breaker VALUES (?, ?, ?, 'open', ?, ?, ?, NULL)")
        .run(target.scope, keyOf(target), id, JSON.stringify(opening), openedAt, coolDownMs);
      return { breaker: toOpen(opening), isNew: true };
    });
  }

  /** Lets a run through breakers that have cooled down: through all of them, or through none. */
  probe(ids: readonly string[], runId: string): boolean {
    return transaction(this.#database, () => {
      const now = this.#now();
      const taken = ids.filter((id) => {
        const { changes } = this.#database
          .prepare(
            "UPDATE breaker SET state = 'half-open', probe = ?, changed = ? WHERE id = ? AND cool_down IS NOT NULL AND changed + cool_down <= ?",
          )
          .run(runId, now, id, now);
        return changes === 1;
      });
      if (taken.length === ids.length) return true;
      // Somebody else's call is on its way, or a breaker was opened anew.
      for (const id of taken) this.#putBack(id, now);
      return false;
    });
  }

  probedBy(runId: string): readonly OpenBreaker[] {
    return this.#database.prepare("SELECT * FROM breaker WHERE probe = ?").all(runId).map(toBreaker);
  }

  /** The call that was let through did not end well: from now on it cools down once more. */
  reopen(id: string, runId: string): boolean {
    const { changes } = this.#database
      .prepare("UPDATE breaker SET state = 'open', probe = NULL, changed = ? WHERE id = ? AND probe = ?")
      .run(this.#now(), id, runId);
    return changes === 1;
  }

  /** Closes exactly this opening; with `probe` only while that run is the one that was let through. */
  close(id: string, probe?: string): boolean {
    const statement =
      probe === undefined
        ? this.#database.prepare("DELETE FROM breaker WHERE id = ?").run(id)
        : this.#database.prepare("DELETE FROM breaker WHERE id = ? AND probe = ?").run(id, probe);
    return statement.changes === 1;
  }

  /** Counts a trouble, and says how many of its rule there were within the time, this one included. */
  count({ kind, rule, target, withinMs }: CountedTrouble): number {
    const [now, key] = [this.#now(), `${target.scope} ${keyOf(target)}`];
    return transaction(this.#database, () => {
      this.#database.prepare("DELETE FROM trouble WHERE rule = ? AND at <= ?").run(rule, now - withinMs);
      this.#database.prepare("INSERT INTO trouble VALUES (?, ?, ?, ?)").run(kind, rule, key, now);
      const row = this.#database
        .prepare("SELECT count(*) AS n FROM trouble WHERE rule = ? AND target = ?")
        .get(rule, key);
      return Number(row?.n);
    });
  }

  /** What was counted has led to an opening: it does not count again. */
  forget({ rule, target }: Pick<CountedTrouble, "rule" | "target">): void {
    this.#database
      .prepare("DELETE FROM trouble WHERE rule = ? AND target = ?")
      .run(rule, `${target.scope} ${keyOf(target)}`);
  }

  #find(target: BreakerTarget): OpenBreaker | undefined {
    const row = this.#database
      .prepare("SELECT * FROM breaker WHERE scope = ? AND target = ?")
      .get(target.scope, keyOf(target));
    return row === undefined ? undefined : toBreaker(row);
  }

  #putBack(id: string, now: number): void {
    // Cooled down still: the next call is let through.
    this.#database
      .prepare("UPDATE breaker SET state = 'open', probe = NULL, changed = ? - cool_down WHERE id = ?")
      .run(now, id);
  }

  /** A run that is over needs no breaker. */
  #forgetRuns(): void {
    this.#database
      .prepare("DELETE FROM breaker WHERE scope = 'run' AND changed < ?")
      .run(this.#now() - RUN_BREAKER_KEPT_MS);
  }
}

function toBreaker(row: Row): OpenBreaker {
  const state: BreakerState = row.state === "half-open" ? "half-open" : "open";
  const probe = row.probe === null ? undefined : String(row.probe);
  return toOpen(parseOpening(String(row.opening)), { state, changedAt: Number(row.changed), probe });
}

function toOpen(
  opening: Opening,
  now: { readonly state: BreakerState; readonly changedAt: number; readonly probe: string | undefined } = {
    state: "open",
    changedAt: opening.openedAt,
    probe: undefined,
  },
): OpenBreaker {
  const { coolDownMs } = opening;
  const probeAt = coolDownMs === undefined ? undefined : now.changedAt + coolDownMs;
  return { ...opening, state: now.state, hash: hashOfOpening(opening), ...defined({ probeAt, probe: now.probe }) };
}
