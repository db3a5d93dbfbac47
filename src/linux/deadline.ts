import type { Watch } from "./allowance.ts";
import { LimitReached } from "./limits.ts";

/** Ends with LimitReached `wall` what takes longer than it may. */
export class Deadline implements Watch {
  readonly #endMs: number;

  constructor(ms: number) {
    this.#endMs = performance.now() + ms;
  }

  look(): void {
    if (performance.now() > this.#endMs) throw new LimitReached("wall");
  }
}
