import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ZtlError } from "../../errors.ts";
import { TURN_RETRY_MS, TURN_WAIT_MS } from "../limits.ts";

/** SQLITE_BUSY of sqlite3.h. */
const BUSY = 5;

/**
 * Only one sync, undo or recovery runs at a time, in whatever process: while it does, it holds the write lock of a database
 * that holds nothing. The kernel frees the lock when the process dies, so a lock that is free and a journal that is not
 * empty mean that a process was killed.
 */
export class Turn {
  readonly #database: DatabaseSync;
  /** Within this process the turns simply queue up. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#database = new DatabaseSync(join(directory, "turn.sqlite"), { timeout: 0 });
  }

  /** Throws ZtlError `workspace-busy` when another process does not come to an end. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(
      () => this.#hold(work),
      () => this.#hold(work),
    );
    this.#last = turn;
    return await turn;
  }

  /** When all turns asked for in this process are over. */
  async settled(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  close(): void {
    this.#database.close();
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + TURN_WAIT_MS;
    while (!this.#tryLock()) {
      if (performance.now() > giveUpAt) {
        throw new ZtlError("workspace-busy", `Another process has been syncing for over ${TURN_WAIT_MS / 1000} s`, {
          remedy: "Wait for it, or end it: what it had begun is then rolled back.",
        });
      }
      await sleep(TURN_RETRY_MS);
    }
    try {
      return await work();
    } finally {
      this.#database.exec("ROLLBACK");
    }
  }

  #tryLock(): boolean {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === BUSY) return false;
      throw error;
    }
  }
}
