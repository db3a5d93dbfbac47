import { setImmediate as otherWork } from "node:timers/promises";

/** How long work goes on by itself, in milliseconds: a few such slices in a row are still no wait that anybody notices. */
const SLICE_MS = 5;

/**
 * Cuts work that waits for nothing into slices, with the process's other work in between. To be asked after each item; all who share
 * one rest together, so that none of them goes on in the others' rest.
 */
export class Pace {
  #begun = performance.now();
  #rest: Promise<void> | undefined;

  /** Time to `rest`. */
  get isOver(): boolean {
    return this.#rest !== undefined || performance.now() - this.#begun > SLICE_MS;
  }

  async rest(): Promise<void> {
    this.#rest ??= otherWork().then(() => {
      this.#rest = undefined;
      this.#begun = performance.now();
    });
    await this.#rest;
  }
}
