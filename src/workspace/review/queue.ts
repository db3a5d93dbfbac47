import type { DatabaseSync } from "node:sqlite";
import type { ChangeSetState, ChangeSetSummary } from "../changes/change-set.ts";
import { toSummary } from "../state/change-sets.ts";

/** What is needed of a review to tell where it stands among others. */
export interface QueuePlace {
  readonly id: string;
  readonly agent: string;
  readonly createdAt: number;
}

export interface QueueFilter {
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
}

/** Something is pending in a workspace as long as not all of it was taken by change sets that are on their way to the host. */
const IS_PENDING = "entries > 0 AND entries > (SELECT count(*) FROM taken WHERE taken.space = space.id)";
/** Without statistics SQLite would rather read all workspaces there ever were, commands and all. */
const SPACES = "space INDEXED BY space_pending";
const IS_ASKED_FOR = "(:agent IS NULL OR agent = :agent) AND (:tool IS NULL OR tool = :tool)";
/** What was approved and is not on the host yet waits as well: for another try, or to be taken back. */
const WAITS = "state IN ('pending', 'approved')";

/**
 * All that people are asked about here, without what it is about. None is left out, however many there are: who is counted among the
 * first so many only could be kept out by whoever asks most. Nothing in it reads what a damaged database might not let it read.
 */
export class Queue {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Those that wait, in no order. */
  waiting({ agent, tool }: QueueFilter = {}): QueuePlace[] {
    return this.#database
      .prepare(
        `SELECT review AS id, agent, began AS created FROM ${SPACES} WHERE ${IS_PENDING} AND ${IS_ASKED_FOR}
         UNION ALL SELECT id, agent, created FROM change_set WHERE ${WAITS} AND ${IS_ASKED_FOR}`,
      )
      .all({ agent: agent ?? null, tool: tool ?? null })
      .map(toPlace);
  }

  /** Decided ones too, as far as they are kept. */
  all({ agent, tool }: QueueFilter = {}): QueuePlace[] {
    return this.#database
      .prepare(
        `SELECT review AS id, agent, began AS created FROM ${SPACES} WHERE ${IS_PENDING} AND ${IS_ASKED_FOR}
         UNION ALL SELECT id, agent, created FROM change_set WHERE ${IS_ASKED_FOR}`,
      )
      .all({ agent: agent ?? null, tool: tool ?? null })
      .map(toPlace);
  }

  /** How many of each agent wait for a decision. */
  counts(): { readonly agent: string; readonly count: number }[] {
    return this.#database
      .prepare(
        `SELECT agent, count(*) AS n FROM (SELECT agent FROM ${SPACES} WHERE ${IS_PENDING}
         UNION ALL SELECT agent FROM change_set WHERE state = 'pending') GROUP BY agent`,
      )
      .all()
      .map(({ agent, n }) => ({ agent: String(agent), count: Number(n) }));
  }

  /** One of them, of a workspace or a change set. */
  summary(id: string): ChangeSetSummary | undefined {
    const pending = this.#database
      .prepare(
        `SELECT review AS id, hash, run, agent, tool, command, began AS created, expires, NULL AS decided,
         NULL AS decided_by, NULL AS message, entries - (SELECT count(*) FROM taken WHERE taken.space = space.id) AS entries
         FROM space WHERE review = ? AND ${IS_PENDING}`,
      )
      .get(id);
    const row = pending === undefined ? this.#set(id) : { ...pending, state: "pending" satisfies ChangeSetState };
    return row === undefined ? undefined : toSummary(row);
  }

  #set(id: string) {
    return this.#database
      .prepare(
        `SELECT id, hash, state, run, agent, tool, command, entries, created, expires, decided, decided_by, message
         FROM change_set WHERE id = ?`,
      )
      .get(id);
  }
}

function toPlace(row: Record<string, unknown>): QueuePlace {
  return { id: String(row.id), agent: String(row.agent), createdAt: Number(row.created) };
}
