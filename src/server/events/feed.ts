import type { Entry } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { CATCH_UP_ENTRIES_MAX, LIST_ANEW_MS, POLL_MS, REVIEWS_SHOWN_MAX } from "../limits.ts";

/** Steps after which a review may stand elsewhere than before. */
const DECIDING: ReadonlySet<Entry["kind"]> = new Set(["approval", "sync", "admission", "breaker"]);

/**
 * Notices that the ledger grew or that reviews changed, here or in another process, and wakes whoever waits. It keeps nothing for
 * anybody: each client reads the ledger at its own pace, so a slow one costs no memory. It looks only while somebody waits.
 */
export class Feed {
  readonly #desk: Desk;
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  #watchers = 0;
  #stop: (() => void) | undefined;
  #size = 0;
  #pending = "";
  /** Of the reviews when they were listed last, and when time alone makes that list another. */
  #listed: { readonly version: string; readonly untilMs: number } | undefined;
  /** Counts changes of reviews. */
  #reviewsVersion = 0;
  #looking: Promise<void> | undefined;

  constructor(desk: Desk, now: () => number = Date.now) {
    this.#desk = desk;
    this.#now = now;
  }

  get size(): number {
    return this.#size;
  }

  get reviewsVersion(): number {
    return this.#reviewsVersion;
  }

  /** Begins to look, until the returned function is called. Resolves once `size` is that of now. */
  async watch(): Promise<() => void> {
    this.#watchers++;
    if (this.#stop === undefined) this.#start();
    await this.look();
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      this.#watchers--;
      if (this.#watchers === 0) this.#end();
    };
  }

  /** True at the next change; false when the time is over or the signal is aborted. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isChanged: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", stop);
        resolve(isChanged);
      };
      const wake = (): void => end(true);
      const stop = (): void => end(false);
      const timer = setTimeout(stop, timeoutMs);
      this.#waiting.add(wake);
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
    });
  }

  /** Entries from an index on; undefined when there are too many to tell one by one. */
  since(index: number): Entry[] | undefined {
    const entries = this.#desk.ledger.query({ fromIndex: index, limit: CATCH_UP_ENTRIES_MAX + 1 });
    return entries.length > CATCH_UP_ENTRIES_MAX ? undefined : entries;
  }

  /** Looks now; several who ask at once share one look. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const size = this.#desk.ledger.head()?.size ?? 0;
    const grown = size > this.#size ? this.since(this.#size) : [];
    const pending = await this.#pendingNow();
    const isDecided = grown === undefined || grown.some(({ kind }) => DECIDING.has(kind));
    if (pending !== this.#pending || isDecided) this.#reviewsVersion++;
    const isChanged = size !== this.#size || pending !== this.#pending;
    this.#size = size;
    this.#pending = pending;
    if (isChanged) this.#wake();
  }

  /** What waits, by name. The list is not made anew while nothing can have changed it. */
  async #pendingNow(): Promise<string> {
    const { reviews } = this.#desk;
    // Before it is read: what changes meanwhile is seen the next time.
    const version = reviews.version();
    const nowMs = this.#now();
    if (this.#listed?.version === version && nowMs < this.#listed.untilMs) return this.#pending;
    const waiting = await reviews.list({ state: "pending", limit: REVIEWS_SHOWN_MAX });
    const ends = waiting.map(({ expiresAt }) => expiresAt).filter((endsMs) => endsMs > nowMs);
    this.#listed = { version, untilMs: Math.min(nowMs + LIST_ANEW_MS, ...ends) };
    return waiting.map(({ id, hash }) => `${id} ${hash}`).join();
  }

  #start(): void {
    // A look that fails, such as at a ledger that another process is busy with, is made up for by the next.
    const look = (): void => void this.look().catch(() => {});
    const timer = setInterval(look, POLL_MS);
    timer.unref();
    const unsubscribe = this.#desk.onEvent((event) => {
      if (event.type === "reviews-changed") {
        this.#reviewsVersion++;
        this.#wake();
      }
      if (event.type === "entry") look();
    });
    this.#stop = () => {
      clearInterval(timer);
      unsubscribe();
    };
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
