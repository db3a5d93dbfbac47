import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { erasing } from "../../base/database.ts";
import { invariant, ZtlError } from "../../errors.ts";
import { CALLS_PRUNED_EVERY, CALLS_REMEMBERED_MAX } from "../limits.ts";
import { CALL_MOVES } from "../reviews/states.ts";

/**
 * `asked`: nothing is decided. `waiting`: a person is. `permitted`: it may be made, once. `running`: it was begun, and whoever
 * asks again is told so. `done`: its answer is kept.
 */
export type CallState = "asked" | "waiting" | "permitted" | "running" | "done";

/** One call of a conversation under the name that its caller gave it. */
export interface BookedCall {
  readonly agent: string;
  readonly conversation: string;
  readonly callId: string;
  readonly runId: string;
  readonly tool: string;
  /** SHA-256 in hexadecimal of tool and input. */
  readonly hash: string;
  readonly state: CallState;
  readonly reviewId: string | undefined;
  /** The answer as JSON text, once there is one. */
  readonly answer: string | undefined;
}

type NewCall = Omit<BookedCall, "state" | "reviewId" | "answer">;
export type CallName = Pick<BookedCall, "agent" | "conversation" | "callId">;

/** The calls that were given names, so that each happens once however often it is asked for, also across processes. */
export class CallBook {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** The call of this name, written down as `asked` when it is new. Throws ZtlError `call-id-reused` for another tool or input. */
  open(call: NewCall): { readonly call: BookedCall; readonly isNew: boolean } {
    // Most calls are new: one statement then says so, and is a transaction by itself.
    if (this.#add(call))
      return { call: { ...call, state: "asked", reviewId: undefined, answer: undefined }, isNew: true };
    const known = this.find(call);
    // Forgotten just now, by another process.
    if (known === undefined) return this.open(call);
    if (known.hash === call.hash) return { call: known, isNew: false };
    throw new ZtlError("call-id-reused", "This callId was given to another tool or input in this conversation", {
      remedy: "Give each call a callId of its own, such as the tool call's id.",
    });
  }

  find({ agent, conversation, callId }: CallName): BookedCall | undefined {
    const row = this.#database
      .prepare("SELECT * FROM call WHERE agent = ? AND conversation = ? AND id = ?")
      .get(agent, conversation, callId);
    return row === undefined ? undefined : toCall(row);
  }

  /** From one state to the next; false when somebody else was faster. */
  move(
    { agent, conversation, callId }: CallName,
    from: CallState,
    to: CallState,
    { reviewId = null, answer = null }: { readonly reviewId?: string | null; readonly answer?: string | null } = {},
  ): boolean {
    invariant(
      CALL_MOVES.some(([before, after]) => before === from && after === to),
      `a call does not go from ${from} to ${to}`,
    );
    const { changes } = this.#database
      .prepare(
        `UPDATE call SET state = :to, review = coalesce(:review, review), answer = :answer
         WHERE agent = :agent AND conversation = :conversation AND id = :id AND state = :from`,
      )
      .run({ to, review: reviewId, answer, agent, conversation, id: callId, from });
    return changes === 1;
  }

  /** Forgets the answers of runs, for good; whoever asks again is told that the call was begun. */
  forget(runIds: readonly string[]): void {
    const statement = this.#database.prepare(
      "UPDATE call SET answer = NULL WHERE run IN (SELECT value FROM json_each(?))",
    );
    erasing(this.#database, () => void statement.run(JSON.stringify(runIds)));
  }

  /** False when the name is in the book. */
  #add({ agent, conversation, callId, runId, tool, hash }: NewCall): boolean {
    const { changes, lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO call (agent, conversation, id, run, tool, hash, state, created) VALUES (?, ?, ?, ?, ?, ?, 'asked', ?)
         ON CONFLICT (agent, conversation, id) DO NOTHING`,
      )
      .run(agent, conversation, callId, runId, tool, hash, this.#now());
    if (changes === 0) return false;
    if (Number(lastInsertRowid) % CALLS_PRUNED_EVERY === 0) this.#prune();
    return true;
  }

  #prune(): void {
    this.#database
      .prepare(
        "DELETE FROM call WHERE number <= (SELECT max(number) FROM call) - ? AND state NOT IN ('waiting', 'running')",
      )
      .run(CALLS_REMEMBERED_MAX);
  }
}

function toCall(row: Record<string, SQLOutputValue>): BookedCall {
  return {
    agent: String(row.agent),
    conversation: String(row.conversation),
    callId: String(row.id),
    runId: String(row.run),
    tool: String(row.tool),
    hash: String(row.hash),
    state: String(row.state) as CallState,
    reviewId: row.review === null ? undefined : String(row.review),
    answer: row.answer === null ? undefined : String(row.answer),
  };
}
