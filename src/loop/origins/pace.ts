import { setImmediate as nextTurn } from "node:timers/promises";

/** What one question may take of the process in one go: no other call waits longer for it. */
const SLICE_MS = 20;

/** Lets other work of the process go on, once some time has passed. */
export class Pace {
  #sinceMs = performance.now();

  async breathe(): Promise<void> {
    if (performance.now() - this.#sinceMs < SLICE_MS) return;
    await nextTurn();
    this.#sinceMs = performance.now();
  }
}
