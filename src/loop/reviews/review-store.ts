import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { erasing, transaction, versionOf } from "../../base/database.ts";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { QueuePlace } from "../../workspace/index.ts";
import { PENDING_REVIEWS_MAX } from "../limits.ts";
import type { ReviewState, ReviewSummary } from "./review.ts";
import { mayMove, REVIEW_MOVES, type ReviewEvent } from "./states.ts";

/** Reviews that the loop keeps itself: calls that need a person's agreement, and quarantined contents. */
export type StoredKind = "call" | "content";

export interface StoredReview extends ReviewSummary {
  readonly kind: StoredKind;
  /** What the kind needs to be shown and acted on, as JSON text. */
  readonly details: string;
}

export type NewReview = Omit<StoredReview, "id" | "state" | "createdAt" | "decidedBy" | "message">;

export interface ReviewDecision {
  readonly event: "approve" | "reject" | "revoke";
  /** Refused as stale when given and different. */
  readonly hash?: string | undefined;
  readonly reviewer: string;
  readonly message?: string | undefined;
}

export type Decided =
  | { readonly status: "done"; readonly review: StoredReview }
  | { readonly status: "stale"; readonly hash: string }
  | { readonly status: "already"; readonly state: ReviewState; readonly decidedBy?: string }
  | { readonly status: "not-found" };

export interface PlacesFilter {
  readonly state: "pending" | "all";
  readonly kind?: StoredKind | undefined;
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
}

type Row = Record<string, SQLOutputValue>;

/** Of all there ever were: more than anybody pages through. */
const HISTORY_PLACES_MAX = 50_000;
const SUMMARY = "id, kind, state, run, agent, tool, command, created, expires, hash, title, decided_by, message";

export class ReviewStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * The same thing asked about again is the review that waits already, with what `joined` makes of the details of both; where that
   * is undefined they are not the same. Throws ZtlError `reviews-full` when too many wait.
   */
  add(review: NewReview, joined: (waiting: string, again: string) => string | undefined = same): StoredReview {
    return transaction(this.#database, () => {
      this.#expire();
      const waitingAlready = this.#join(review, joined);
      if (waitingAlready !== undefined) return waitingAlready;
      const waiting = this.#database.prepare("SELECT count(*) AS n FROM review WHERE state = 'pending'").get()?.n;
      if (Number(waiting) >= PENDING_REVIEWS_MAX) {
        throw new ZtlError("reviews-full", `${PENDING_REVIEWS_MAX} reviews wait already`, {
          remedy: "Decide some of them first: ztl review",
        });
      }
      const stored: StoredReview = { ...review, id: randomUUID(), state: "pending", createdAt: this.#now() };
      const { id, kind, state, runId, agent, tool, command, createdAt, expiresAt, hash, title, details } = stored;
      this.#database
        .prepare(
          "INSERT INTO review (id, kind, state, run, agent, tool, command, created, expires, hash, title, details) " +
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .run(id, kind, state, runId, agent, tool, command, createdAt, expiresAt, hash, title, details);
      return stored;
    });
  }

  #join(review: NewReview, joined: (waiting: string, again: string) => string | undefined): StoredReview | undefined {
    const alike = this.#database
      .prepare("SELECT * FROM review WHERE state = 'pending' AND kind = ? AND agent = ? AND hash = ?")
      .all(review.kind, review.agent, review.hash);
    for (const row of alike) {
      const details = joined(String(row.details), review.details);
      if (details === undefined) continue;
      this.#database.prepare("UPDATE review SET details = ? WHERE id = ?").run(details, String(row.id));
      return this.#read({ ...row, details });
    }
    return undefined;
  }

  get(id: string): StoredReview | undefined {
    const row = this.#database.prepare("SELECT * FROM review WHERE id = ?").get(id);
    return row === undefined ? undefined : this.#read(row);
  }

  /** All that wait, in no order; or the last of all there ever were. */
  places({ state, kind, agent, tool }: PlacesFilter): QueuePlace[] {
    const which = state === "pending" ? "state = 'pending' AND expires > :now" : ":now IS NOT NULL";
    const rows = this.#database
      .prepare(
        `SELECT id, agent, created FROM review WHERE ${which} AND (:kind IS NULL OR kind = :kind)
         AND (:agent IS NULL OR agent = :agent) AND (:tool IS NULL OR tool = :tool) ORDER BY created DESC, id LIMIT :limit`,
      )
      .all({
        ...{ now: this.#now(), kind: kind ?? null, agent: agent ?? null, tool: tool ?? null },
        // As many as may wait at once, in any case.
        limit: state === "pending" ? -1 : HISTORY_PLACES_MAX,
      });
    return rows.map(({ id, agent: of, created }) => ({
      id: String(id),
      agent: String(of),
      createdAt: Number(created),
    }));
  }

  /** One of them without its details, which may be large. */
  summary(id: string): Omit<StoredReview, "details"> | undefined {
    const row = this.#database.prepare(`SELECT ${SUMMARY}, '' AS details FROM review WHERE id = ?`).get(id);
    if (row === undefined) return undefined;
    const { details: _, ...review } = this.#read(row);
    return review;
  }

  /** Another one whenever anything in the state may be another, whichever process changed it. Costs next to nothing. */
  get stateVersion(): string {
    return versionOf(this.#database);
  }

  /** How many reviews of each agent wait, and the bytes of what they ask about. */
  waiting(): readonly { readonly agent: string; readonly count: number; readonly bytes: number }[] {
    const rows = this.#database
      .prepare(
        "SELECT agent, count(*) AS n, sum(octet_length(details)) AS bytes FROM review WHERE state = 'pending' AND expires > ? GROUP BY agent",
      )
      .all(this.#now());
    return rows.map((row) => ({ agent: String(row.agent), count: Number(row.n), bytes: Number(row.bytes) }));
  }

  /** Of several who decide at once exactly one is told `done`. */
  decide(id: string, { event, hash, reviewer, message }: ReviewDecision): Decided {
    return transaction(this.#database, () => {
      const review = this.get(id);
      if (review === undefined) return { status: "not-found" };
      if (!mayMove(event, review.state)) return already(review);
      if (hash !== undefined && hash !== review.hash) return { status: "stale", hash: review.hash };
      this.#database
        .prepare("UPDATE review SET state = ?, decided_by = ?, message = ? WHERE id = ?")
        .run(REVIEW_MOVES[event].to, reviewer, message ?? null, id);
      return { status: "done", review: this.get(id) as StoredReview };
    });
  }

  /** An approved review is used up by the first who asks; false for everybody else. */
  use(id: string): boolean {
    return this.#move(id, "use");
  }

  /** An approval that is for what is not there any more. */
  supersede(id: string): void {
    this.#move(id, "supersede");
  }

  /** The reviews of these runs that a person is asked about. */
  waitingFor(runIds: readonly string[]): { readonly id: string; readonly runId: string }[] {
    const sql =
      "SELECT id, run FROM review WHERE state = 'pending' AND expires > ? AND run IN (SELECT value FROM json_each(?))";
    const rows = this.#database.prepare(sql).all(this.#now(), JSON.stringify(runIds));
    return rows.map(({ id, run }) => ({ id: String(id), runId: String(run) }));
  }

  /** Forgets decided reviews of runs, for good. */
  forget(runIds: readonly string[]): void {
    const statement = this.#database.prepare(
      "DELETE FROM review WHERE state <> 'pending' AND run IN (SELECT value FROM json_each(?))",
    );
    erasing(this.#database, () => void statement.run(JSON.stringify(runIds)));
  }

  #move(id: string, event: ReviewEvent): boolean {
    const { from, to } = REVIEW_MOVES[event];
    const { changes } = this.#database
      .prepare("UPDATE review SET state = ? WHERE id = ? AND state IN (SELECT value FROM json_each(?)) AND expires > ?")
      .run(to, id, JSON.stringify(from), this.#now());
    return changes === 1;
  }

  /** Whether anything is over that nobody has ended yet. */
  get hasDue(): boolean {
    const sql = "SELECT 1 FROM review WHERE state IN ('pending', 'approved') AND expires <= ? LIMIT 1";
    return this.#database.prepare(sql).get(this.#now()) !== undefined;
  }

  /** What time has ended, the last first. */
  expired(limit: number): StoredReview[] {
    const rows = this.#database
      .prepare("SELECT * FROM review WHERE state = 'expired' ORDER BY expires DESC LIMIT ?")
      .all(limit);
    return rows.map((row) => this.#read(row));
  }

  /** Reviews that ran out of time since the last look; each is returned once, in whichever process asks first. */
  takeExpired(): StoredReview[] {
    return transaction(this.#database, () => this.#expire());
  }

  #expire(): StoredReview[] {
    const rows = this.#database
      .prepare(
        "UPDATE review SET state = 'expired' WHERE state IN ('pending', 'approved') AND expires <= ? RETURNING *",
      )
      .all(this.#now());
    return rows.map((row) => this.#read(row));
  }

  #read(row: Row): StoredReview {
    const state = String(row.state) as ReviewState;
    const expiresAt = Number(row.expires);
    const isOverdue = (state === "pending" || state === "approved") && expiresAt <= this.#now();
    return {
      id: String(row.id),
      kind: String(row.kind) as StoredKind,
      state: isOverdue ? "expired" : state,
      runId: String(row.run),
      agent: String(row.agent),
      tool: String(row.tool),
      command: String(row.command),
      createdAt: Number(row.created),
      expiresAt,
      hash: String(row.hash),
      title: String(row.title),
      details: String(row.details),
      ...(row.decided_by === null ? {} : { decidedBy: String(row.decided_by) }),
      ...(row.message === null ? {} : { message: String(row.message) }),
    };
  }
}

function same(waiting: string): string {
  return waiting;
}

function already({ state, decidedBy }: StoredReview): Decided {
  return { status: "already", state, ...defined({ decidedBy }) };
}
