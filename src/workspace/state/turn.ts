import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openLock, tryToBegin } from "../../base/database.ts";
import { ZtlError } from "../../errors.ts";
import { TURN_RETRY_MS, TURN_WAIT_MS } from "../limits.ts";
import { WORKSPACE_REFUSAL } from "./database.ts";

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
    this.#database = openLock(join(directory, "turn.sqlite"), WORKSPACE_REFUSAL);
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
    while (!tryToBegin(this.#database)) {
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
}
