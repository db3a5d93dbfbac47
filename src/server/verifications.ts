import type { Verification } from "../loop/index.ts";
import type { Desk } from "./desk.ts";
import { AUTO_VERIFY_ENTRIES_MAX, AUTO_VERIFY_FRESH_MS } from "./limits.ts";

export interface TimedVerification {
  readonly result: Verification;
  readonly atMs: number;
  readonly tookMs: number;
}

/** Verifies the ledger for whoever asks, one pass at a time: those who ask meanwhile get the result of the pass under way. */
export class Verifications {
  readonly #desk: Pick<Desk, "records" | "ledger">;
  #underWay: Promise<TimedVerification> | undefined;
  #last: TimedVerification | undefined;

  constructor(desk: Pick<Desk, "records" | "ledger">) {
    this.#desk = desk;
  }

  now(): Promise<TimedVerification> {
    this.#underWay ??= this.#verify().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** What a page shows by itself: a small ledger is verified, of a large one the last result is told, if there is any. */
  async glance(): Promise<TimedVerification | undefined> {
    const size = this.#desk.ledger.head()?.size ?? 0;
    const isFresh = this.#last !== undefined && Date.now() - this.#last.atMs < AUTO_VERIFY_FRESH_MS;
    return size > AUTO_VERIFY_ENTRIES_MAX || isFresh ? this.#last : this.now();
  }

  async #verify(): Promise<TimedVerification> {
    const began = performance.now();
    const result = await this.#desk.records.verify();
    this.#last = { result, atMs: Date.now(), tookMs: performance.now() - began };
    return this.#last;
  }
}
