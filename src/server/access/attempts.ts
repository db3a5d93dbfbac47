import { ATTEMPT_EVERY_MS, ATTEMPTS_AT_ONCE } from "../limits.ts";

/**
 * How often a reviewer's token may be wrong. Nobody guesses one of 256 bits; who tries all the same is slowed down, and seen. One
 * count for all, as whoever reaches a loopback address has no other that tells them apart.
 */
export class Attempts {
  readonly #now: () => number;
  #left = ATTEMPTS_AT_ONCE;
  #since: number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  /** Milliseconds until another one may be made; 0 when that is now. */
  get waitMs(): number {
    this.#refill();
    return this.#left > 0 ? 0 : Math.max(1, ATTEMPT_EVERY_MS - (this.#now() - this.#since));
  }

  failed(): void {
    this.#refill();
    this.#left = Math.max(0, this.#left - 1);
  }

  #refill(): void {
    const now = this.#now();
    // A clock that was put back gives nothing.
    const gained = Math.max(0, Math.floor((now - this.#since) / ATTEMPT_EVERY_MS));
    if (gained === 0 && now >= this.#since) return;
    this.#left = Math.min(ATTEMPTS_AT_ONCE, this.#left + gained);
    this.#since = now < this.#since ? now : this.#since + gained * ATTEMPT_EVERY_MS;
  }
}
